// What the kernel sends compressed, as a Response.

export function unzip(gzip) {
  if (typeof DecompressionStream === "undefined") {
    throw new Error(
      "This browser is too old to unpack what the kernel sends. It takes Chrome or Edge 98, Firefox 113, Safari 16.4, or newer.",
    );
  }
  return new Response(new Blob([gzip]).stream().pipeThrough(new DecompressionStream("gzip")));
}
