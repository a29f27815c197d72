// The web player in a transparent web view, which plays the right film on iOS and on Android.
// Needs react-native-webview. Written by the book; not yet run on a device by its authors.
import { WebView } from "react-native-webview";

const page = `<!doctype html><meta name="viewport" content="width=device-width">
<style>html, body { margin: 0; background: transparent } mascot-player { width: 100vw; height: 100vh }</style>
<script type="module" src="{{player}}"></script>
<mascot-player alt="{{label}}" still="{{stills}}" hevc="{{hevcs}}" webm="{{webms}}" stacked="{{stackeds}}"></mascot-player>`;

export const Mascot = ({ size = 256 }) => (
  <WebView
    source={{ html: page, baseUrl: "{{api}}" }}
    originWhitelist={["*"]}
    style={{ width: size, height: size, backgroundColor: "transparent" }}
    mediaPlaybackRequiresUserAction={false}
    allowsInlineMediaPlayback
    scrollEnabled={false}
  />
);
