/**
 * `fetch` whose event streams give out one event per read. Node's fetch joins what arrived while nobody read, so on a
 * loopback connection a reader that lags behind sees fewer and larger pieces than one on a real line, where a token is
 * a packet. Every case gets this same fetch.
 */
export async function fetchOneEventPerRead(input, init) {
  const response = await fetch(input, init);
  if (!response.headers.get('content-type').startsWith('text/event-stream')) {
    return response;
  }
  const reader = response.body.getReader();
  let bytes = Buffer.alloc(0);
  const body = new ReadableStream(
    {
      async pull(controller) {
        let end;
        while ((end = bytes.indexOf('\n\n')) < 0) {
          const { done, value } = await reader.read();
          if (done) {
            controller.close();
            return;
          }
          bytes =
            bytes.length === 0
              ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
              : Buffer.concat([bytes, value]);
        }
        controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset, end + 2));
        bytes = bytes.subarray(end + 2);
      },
      cancel: reason => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
