// A pose that does not move. Needs no library, and the permission android.permission.INTERNET. Written by
// the book; not yet run on a device by its authors.
import android.content.Context
import android.graphics.BitmapFactory
import android.widget.ImageView
import java.net.URL
import kotlin.concurrent.thread

class MascotView(context: Context, url: String = "{{still}}") : ImageView(context) {
    init {
        contentDescription = "{{label}}"
        scaleType = ScaleType.FIT_CENTER
        thread {
            val picture = runCatching { URL(url).openStream().use { BitmapFactory.decodeStream(it) } }.getOrNull()
            post { setImageBitmap(picture) }
        }
    }
}
