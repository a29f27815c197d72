// The player is a custom element: load its module once, then use it like any other element.
import { useEffect } from "react";

export function Mascot(props) {
  useEffect(() => {
    const script = document.createElement("script");
    Object.assign(script, { type: "module", src: "{{player}}" }); // browsers load a module once
    document.head.append(script);
  }, []);
  return (
    <mascot-player
      alt="{{label}}"
      still="{{stills}}"
      hevc="{{hevcs}}"
      webm="{{webms}}"
      stacked="{{stackeds}}"
      style={{ width: 256 }}
      {...props}
    />
  );
}
