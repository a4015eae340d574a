import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** One accepted connection. */
export interface Connection {
  /** Its one request is here: it is not pushed out any more, and what follows on it is not looked at. */
  isAsking: boolean;
}

export interface Connections {
  /** Closed for a limit's sake since the start. */
  readonly dropped: number;
  add(socket: Socket): void;
  /** `socket` may be the accepted one or the one of TLS above it; `undefined` where it is closed. */
  of(socket: Socket): Connection | undefined;
  /** Ends all of them at once, whatever they are at. */
  end(): void;
}

interface Entry extends Connection {
  readonly socket: Socket;
}

/**
 * At most so many connections, each at most so many milliseconds old. One more pushes out the oldest that has not asked
 * yet, so that whoever only holds connections cannot keep out one that asks at once.
 */
export function createConnections(most: number, lifetime: number, clock: Clock): Connections {
  /** The oldest first. */
  const open = new Map<string, Entry>();
  let dropped = 0;

  /** A reset, so that the kernel does not keep either what was not sent. */
  function drop(name: string, { socket }: Entry): void {
    open.delete(name);
    dropped++;
    socket.resetAndDestroy();
  }

  function makeRoom(): boolean {
    if (open.size < most) return true;
    for (const [name, entry] of open) {
      if (entry.isAsking) continue;
      drop(name, entry);
      return true;
    }
    return false;
  }

  return {
    get dropped() {
      return dropped;
    },
    add(socket) {
      socket.on('error', () => {});
      const name = nameOf(socket);
      const entry = { socket, isAsking: false };
      if (name === undefined) socket.destroy();
      else if (!makeRoom()) drop(name, entry);
      else {
        open.set(name, entry);
        const forgetDeadline = clock.after(lifetime, () => drop(name, entry));
        socket.once('close', () => {
          forgetDeadline();
          if (open.get(name) === entry) open.delete(name);
        });
      }
    },
    of(socket) {
      const name = nameOf(socket);
      return name === undefined ? undefined : open.get(name);
    },
    end() {
      for (const { socket } of open.values()) socket.destroy();
      open.clear();
    },
  };
}

/** The same for the accepted socket and the one of TLS above it; `undefined` for one that is gone. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localAddress}`;
}
