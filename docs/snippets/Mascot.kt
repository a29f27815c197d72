// Android's decoders know no alpha, so the stacked film is played: premultiplied colour in its upper
// half, alpha as grey in its lower half, put together by a shader. Needs androidx.media3:media3-exoplayer.
// Premultiplied is what Android blends views and surfaces by. Who draws this in a scene of OpenGL's own
// blends it with glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA), never with GL_SRC_ALPHA.
// Written by the book; not yet run on a device by its authors.
import android.content.Context
import android.graphics.PixelFormat
import android.graphics.SurfaceTexture
import android.opengl.GLES11Ext
import android.opengl.GLES20
import android.opengl.GLSurfaceView
import android.os.Handler
import android.os.Looper
import android.view.Surface
import androidx.media3.common.MediaItem
import androidx.media3.common.Player
import androidx.media3.common.VideoSize
import androidx.media3.exoplayer.ExoPlayer
import java.nio.ByteBuffer
import java.nio.ByteOrder
import javax.microedition.khronos.egl.EGLConfig
import javax.microedition.khronos.opengles.GL10

class MascotView(context: Context, url: String = "{{stacked}}") : GLSurfaceView(context), GLSurfaceView.Renderer {
    private val player = ExoPlayer.Builder(context).build()
    private val main = Handler(Looper.getMainLooper())
    private val place = FloatArray(16)
    private val corners = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder()).asFloatBuffer()
        .apply { put(floatArrayOf(0f, 0f, 1f, 0f, 0f, 1f, 1f, 1f)).position(0) }
    private var texture: SurfaceTexture? = null
    private var program = 0
    @Volatile private var lines = 0

    init {
        contentDescription = "{{label}}"
        setEGLContextClientVersion(2)
        setEGLConfigChooser(8, 8, 8, 8, 0, 0)
        holder.setFormat(PixelFormat.TRANSLUCENT)
        setZOrderOnTop(true) // a surface below the window would show through as black
        setRenderer(this)
        renderMode = RENDERMODE_WHEN_DIRTY
        player.addListener(object : Player.Listener {
            override fun onVideoSizeChanged(size: VideoSize) { lines = size.height }
        })
        player.volume = 0f
        player.repeatMode = Player.REPEAT_MODE_ONE
        player.setMediaItem(MediaItem.fromUri(url))
        player.prepare()
        player.play()
    }

    override fun onSurfaceCreated(gl: GL10?, config: EGLConfig?) {
        program = GLES20.glCreateProgram()
        for ((type, source) in listOf(GLES20.GL_VERTEX_SHADER to CORNERS, GLES20.GL_FRAGMENT_SHADER to UNSTACK)) {
            val shader = GLES20.glCreateShader(type)
            GLES20.glShaderSource(shader, source)
            GLES20.glCompileShader(shader)
            GLES20.glAttachShader(program, shader)
        }
        GLES20.glLinkProgram(program)
        val name = IntArray(1)
        GLES20.glGenTextures(1, name, 0)
        GLES20.glBindTexture(GLES11Ext.GL_TEXTURE_EXTERNAL_OES, name[0])
        texture = SurfaceTexture(name[0]).also {
            it.setOnFrameAvailableListener { requestRender() }
            val surface = Surface(it)
            main.post { player.setVideoSurface(surface) }
        }
    }

    override fun onSurfaceChanged(gl: GL10?, width: Int, height: Int) = GLES20.glViewport(0, 0, width, height)

    override fun onDrawFrame(gl: GL10?) {
        val film = texture ?: return
        film.updateTexImage()
        film.getTransformMatrix(place)
        GLES20.glClearColor(0f, 0f, 0f, 0f)
        GLES20.glClear(GLES20.GL_COLOR_BUFFER_BIT)
        if (lines == 0) return
        GLES20.glUseProgram(program)
        GLES20.glUniformMatrix4fv(GLES20.glGetUniformLocation(program, "place"), 1, false, place, 0)
        GLES20.glUniform1f(GLES20.glGetUniformLocation(program, "edge"), 0.5f / lines)
        val corner = GLES20.glGetAttribLocation(program, "corner")
        GLES20.glEnableVertexAttribArray(corner)
        GLES20.glVertexAttribPointer(corner, 2, GLES20.GL_FLOAT, false, 0, corners)
        GLES20.glDrawArrays(GLES20.GL_TRIANGLE_STRIP, 0, 4)
    }

    fun release() = player.release()

    private companion object {
        const val CORNERS = """
attribute vec2 corner;
varying vec2 at; // from the upper left of the picture, 0 to 1
void main() {
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}"""
        const val UNSTACK = """
#extension GL_OES_EGL_image_external : require
precision highp float;
uniform samplerExternalOES film;
uniform mat4 place; // where Android keeps the picture in its texture, whose origin is below
uniform float edge; // half a line of the frame, so that neither half blurs into the other
varying vec2 at;
vec4 frame(float x, float y) {
  return texture2D(film, (place * vec4(x, 1.0 - y, 0.0, 1.0)).xy);
}
void main() {
  float upper = min(at.y * 0.5, 0.5 - edge);
  float lower = max(at.y * 0.5 + 0.5, 0.5 + edge);
  float alpha = frame(at.x, lower).r;
  gl_FragColor = vec4(min(frame(at.x, upper).rgb, alpha), alpha);
}"""
    }
}
