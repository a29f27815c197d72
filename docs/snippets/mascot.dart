// The web player in a transparent web view, which plays the right film on iOS and on Android.
// Needs webview_flutter. Written by the book; not yet run on a device by its authors.
import 'package:flutter/material.dart';
import 'package:webview_flutter/webview_flutter.dart';

const _page = '''<!doctype html><meta name="viewport" content="width=device-width">
<style>html, body { margin: 0; background: transparent } mascot-player { width: 100vw; height: 100vh }</style>
<script type="module" src="{{player}}"></script>
<mascot-player alt="{{label}}" still="{{stills}}" hevc="{{hevcs}}" webm="{{webms}}" stacked="{{stackeds}}"></mascot-player>''';

class Mascot extends StatelessWidget {
  const Mascot({super.key, this.size = 256});
  final double size;

  @override
  Widget build(BuildContext context) {
    final controller = WebViewController()
      ..setJavaScriptMode(JavaScriptMode.unrestricted)
      ..setBackgroundColor(Colors.transparent)
      ..loadHtmlString(_page, baseUrl: '{{api}}');
    return Semantics(
      label: '{{label}}',
      image: true,
      child: SizedBox.square(dimension: size, child: WebViewWidget(controller: controller)),
    );
  }
}
