/** Compresses off the main thread; `level` as zlib has it. */
export async function gzip(body: Uint8Array, level = 6): Promise<Uint8Array> {
  const zlib = await import('node:zlib');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  zlib.gzip(body, { level }, (error, compressed) => (error === null ? resolve(compressed) : reject(error)));
  return promise;
}
