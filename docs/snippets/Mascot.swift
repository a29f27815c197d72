// iOS 13, macOS 10.15 and later play HEVC with alpha by themselves. Written by the book; not yet run
// on a device by its authors.
import AVFoundation
import SwiftUI

struct Mascot: UIViewRepresentable {
    var url = URL(string: "{{hevc}}")!

    func makeUIView(context: Context) -> MascotView {
        let view = MascotView()
        view.play(url)
        view.isAccessibilityElement = true
        view.accessibilityLabel = "{{label}}"
        view.accessibilityTraits = .image
        return view
    }

    func updateUIView(_ view: MascotView, context: Context) {}
}

final class MascotView: UIView {
    override class var layerClass: AnyClass { AVPlayerLayer.self }
    private var looper: AVPlayerLooper?

    func play(_ url: URL) {
        let player = AVQueuePlayer()
        player.isMuted = true
        player.preventsDisplaySleepDuringVideoPlayback = false
        looper = AVPlayerLooper(player: player, templateItem: AVPlayerItem(url: url))
        let layer = layer as! AVPlayerLayer
        layer.player = player
        layer.videoGravity = .resizeAspect
        // Without an alpha channel in its buffers, the layer would be opaque.
        layer.pixelBufferAttributes = [kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_32BGRA]
        backgroundColor = .clear
        if UIAccessibility.isReduceMotionEnabled { player.seek(to: .zero) } else { player.play() }
    }
}
