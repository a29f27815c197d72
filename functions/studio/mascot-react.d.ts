/**
 * <mascot-player> in JSX, for TypeScript with the types of React 18 or 19. Copy it into your project,
 * beside mascot-player.d.ts. React 19 listens to the element's events by `onready` and the like.
 */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { MascotPlayer, MascotPlayerAttributes, MascotPlayerEvents } from "./mascot-player";

type Html = DetailedHTMLProps<HTMLAttributes<MascotPlayer>, MascotPlayer>;
type Listeners = {
  [Name in keyof MascotPlayerEvents as `on${Name}`]?: (event: MascotPlayerEvents[Name]) => void;
};

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "mascot-player": Html & MascotPlayerAttributes & Listeners;
    }
  }
}
