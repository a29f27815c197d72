// As much of React's types as <mascot-player> touches, as @types/react has it.
declare module "react" {
  export interface HTMLAttributes<T> {
    className?: string;
    style?: Record<string, string | number>;
    onClick?: (event: { currentTarget: T }) => void;
  }
  export type DetailedHTMLProps<E extends HTMLAttributes<T>, T> = E & {
    key?: string | number | null;
    ref?: { current: T | null } | ((element: T | null) => void);
  };
  export namespace JSX {
    interface Element {}
    interface IntrinsicElements {}
  }
}
declare module "react/jsx-runtime" {
  export { JSX } from "react";
  export const jsx: unknown, jsxs: unknown, Fragment: unknown;
}
