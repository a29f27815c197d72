// A pose that does not move. Written by the book; not yet run on a device by its authors.
import { Image } from "react-native";

export const Mascot = ({ size = 256 }) => (
  <Image
    source={{ uri: "{{still}}" }}
    style={{ width: size, height: size }}
    resizeMode="contain"
    accessible
    accessibilityRole="image"
    accessibilityLabel="{{label}}"
  />
);
