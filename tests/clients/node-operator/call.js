// Calls every method of every service in the protos with npm's @grpc/grpc-js and an empty request:
//   node call.js <port> <operator key> <folder with google/api> <rider's token>
//   node call.js <port> <operator key> <folder with google/api>        of a server that is there to be moved
// Prints a line for each call: the method, a tab, and its gRPC status; then `done`. What has no answer in time is
// DEADLINE_EXCEEDED, and of a stream the first message counts.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const [port, key, commonProtos, token] = process.argv.slice(2);
const protos = join(dirname(fileURLToPath(import.meta.url)), '../../../protos');
const files = readdirSync(protos, { recursive: true }).filter((file) => /charging.(ops|miniprogram).v1.*_service\.proto$/.test(file));
const definition = loader.loadSync(files, { includeDirs: [protos, commonProtos], keepCase: false });
const deadline = () => Date.now() + 20_000;
const statusName = (code) => Object.keys(grpc.status).find((name) => grpc.status[name] === code);

for (const [name, methods] of Object.entries(definition).sort()) {
  const service = Object.values(methods).every((method) => typeof method === 'object' && 'requestStream' in method);
  if (!service || !name.startsWith('charging.') || name.endsWith('.MoveService') === (token !== undefined)) continue;
  const Client = grpc.makeGenericClientConstructor(methods, name);
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  for (const [method, { requestStream, responseStream }] of Object.entries(methods)) {
    const metadata = new grpc.Metadata();
    metadata.set('authorization', name.startsWith('charging.ops.') ? `Bearer ${key}` : token);
    const status = await (responseStream ? stream : unary)(client, method, metadata, requestStream, name.endsWith('.MoveService'));
    console.log(`${name}/${method}\t${status}`);
  }
  client.close();
}
console.log('done');

function unary(client, method, metadata) {
  return new Promise((resolve) => client[method]({}, metadata, { deadline: deadline() }, (error) => resolve(statusName(error ? error.code : 0))));
}

// An export is heard to its end: until then the server takes no import.
function stream(client, method, metadata, requestStream, whole) {
  return new Promise((resolve) => {
    const call = requestStream ? client[method](metadata, { deadline: deadline() }) : client[method]({}, metadata, { deadline: deadline() });
    if (requestStream) call.end({});
    call.on('data', () => { if (!whole) { resolve('OK'); call.cancel(); } });
    call.on('end', () => resolve('OK'));
    call.on('error', (error) => resolve(statusName(error.code)));
  });
}
