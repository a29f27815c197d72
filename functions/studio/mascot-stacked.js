/**
 * Stacked films: premultiplied colour in the upper half, alpha as grey in the lower one.
 * <mascot-player> loads this in a browser that shows no film with an alpha of its own.
 */

const CORNERS = `
attribute vec2 corner;
varying vec2 at; // from the upper left of the picture, 0 to 1
void main() {
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;
const UNSTACK = `
precision highp float;
uniform sampler2D film;
uniform float edge; // half a line of the frame, so that neither half blurs into the other
varying vec2 at;
vec4 frame(float x, float y) {
  return texture2D(film, vec2(x, y));
}
void main() {
  float upper = min(at.y * 0.5, 0.5 - edge);
  float lower = max(at.y * 0.5 + 0.5, 0.5 + edge);
  float alpha = frame(at.x, lower).r;
  gl_FragColor = vec4(min(frame(at.x, upper).rgb, alpha), alpha);
}`;

// One context for all players, since browsers give a page but a few.
let gl = null;
let edge = null;
let pictures = 0; // that use it

function painter() {
  if (gl && !gl.isContextLost()) return gl;
  gl = document.createElement("canvas").getContext("webgl", { antialias: false, depth: false });
  if (!gl) return null;
  const program = gl.createProgram();
  const compile = (type, source) => {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  };
  compile(gl.VERTEX_SHADER, CORNERS);
  compile(gl.FRAGMENT_SHADER, UNSTACK);
  gl.bindAttribLocation(program, 0, "corner");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return (gl = null);
  gl.useProgram(program);
  edge = gl.getUniformLocation(program, "edge");
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  return gl;
}

/** Whether this browser shows such films. */
export const works = () =>
  !!document.createElement("video").canPlayType('video/mp4; codecs="avc1.64001f"') && !!painter();

/** What a stacked film shows, on a canvas of its own. */
export class Picture {
  view = document.createElement("canvas");

  constructor(film) {
    this.film = film;
    film.crossOrigin = "anonymous"; // or its pixels could not be read
    pictures++;
  }

  /** Draw the present frame. Throws if the film's server does not let us read it. */
  draw() {
    if (!painter()) throw new Error("WebGL has gone away");
    const { film, view } = this;
    const { canvas } = gl;
    const [width, height] = [film.videoWidth, film.videoHeight >> 1];
    if (view.width !== width || view.height !== height) Object.assign(view, { width, height });
    if (canvas.width < width) canvas.width = width;
    if (canvas.height < height) canvas.height = height;
    gl.viewport(0, 0, width, height);
    gl.uniform1f(edge, 0.5 / film.videoHeight);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, film);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    const context = view.getContext("2d");
    context.globalCompositeOperation = "copy";
    context.drawImage(canvas, 0, canvas.height - height, width, height, 0, 0, width, height);
  }

  close() {
    if (--pictures || !gl) return;
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    gl = null;
  }
}
