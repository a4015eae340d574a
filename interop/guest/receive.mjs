// In the guest: keeps every request body as /out/N.json and says on standard output when it listens.
import { writeFileSync } from 'node:fs';
import http from 'node:http';

let count = 0;
const server = http.createServer(async (request, response) => {
  const chunks = await request.toArray();
  writeFileSync(`/out/${count++}.json`, Buffer.concat(chunks));
  response.setHeader('content-type', 'application/json').end('{}');
});
server.listen(4318, '127.0.0.1', () => console.log('listening'));
