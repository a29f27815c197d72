// A pose that does not move. Needs iOS 15 or macOS 12. Written by the book; not yet run on a device by
// its authors.
import SwiftUI

struct Mascot: View {
    var url = URL(string: "{{still}}")!

    var body: some View {
        AsyncImage(url: url) { picture in
            picture.resizable().scaledToFit()
        } placeholder: {
            Color.clear
        }
        .accessibilityElement()
        .accessibilityLabel("{{label}}")
        .accessibilityAddTraits(.isImage)
    }
}
