// The SharedWorker: browsers allow six connections a server over HTTP/1.1, so the tabs share one stream for each token.
import { Connection, type Told } from './connection';

/** What a tab says: hello with its token once, and when it goes. */
export type Said = { readonly what: 'hello'; readonly url: string; readonly token: string } | { readonly what: 'bye' };

interface Shared {
  readonly connection: Connection;
  readonly ports: Set<MessagePort>;
}

const shared = new Map<string, Shared>();

function join(port: MessagePort, url: string, token: string): Shared {
  let found = shared.get(token);
  if (!found) {
    const ports = new Set<MessagePort>();
    found = { ports, connection: new Connection(url, token, (told) => ports.forEach((one) => one.postMessage(told))) };
    shared.set(token, found);
  }
  found.ports.add(port);
  if (found.connection.state?.what === 'refused') found.connection.start();
  else if (found.connection.state) port.postMessage(found.connection.state satisfies Told);
  found.connection.start();
  return found;
}

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = (event) => {
  const port = event.ports[0]!;
  let joined: Shared | null = null;
  const leave = () => {
    joined?.ports.delete(port);
    if (joined?.ports.size === 0) {
      joined.connection.stop();
      shared.delete(joined.connection.token);
    }
    joined = null;
  };
  port.onmessage = (message: MessageEvent<Said>) => {
    leave();
    if (message.data.what === 'hello') joined = join(port, message.data.url, message.data.token);
  };
};
