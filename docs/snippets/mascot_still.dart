// A pose that does not move. Written by the book; not yet run on a device by its authors.
import 'package:flutter/material.dart';

class Mascot extends StatelessWidget {
  const Mascot({super.key, this.size = 256});
  final double size;

  @override
  Widget build(BuildContext context) => Image.network(
        '{{still}}',
        width: size,
        height: size,
        fit: BoxFit.contain,
        semanticLabel: '{{label}}',
      );
}
