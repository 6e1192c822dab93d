import { createRequire } from 'node:module'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { replaced } from './admission.js'

/**
 * WebSockets that hang up and cannot be made to throw. @libp2p/websockets 10 resets a connection with close code 1006,
 * which no socket takes: the socket of a peer that was refused stays open for as long as it likes. And it handles
 * no errors: one wrong frame of a stranger ends the process.
 */
export function webSocketTransport(): (components: WebSocketsComponents) => Transport {
  provideWebSocket()
  return components => {
    const transport = webSockets()(components)
    return replaced(transport, {
      dial: (...[address, options]: Parameters<Transport['dial']>) =>
        transport.dial(address, { ...options, upgrader: hangingUp(options.upgrader) }),
      createListener: (options: Parameters<Transport['createListener']>[0]) =>
        transport.createListener({ ...options, upgrader: hangingUp(options.upgrader) }),
    })
  }
}

/** What there is behind a WebSocket connection. */
interface WebSocketConnection {
  readonly websocket: { close(): void; terminate?(): void; addEventListener(type: 'error', listener: () => void): void }
  sendReset(): void
}

function hangingUp(upgrader: Upgrader): Upgrader {
  const mended = (connection: MultiaddrConnection): MultiaddrConnection => {
    const inner = connection as unknown as WebSocketConnection
    // 'close' follows and is listened for.
    inner.websocket.addEventListener('error', () => {})
    inner.sendReset = () => {
      // Node's own WebSocket has no terminate: to close properly is all it can.
      if (inner.websocket.terminate === undefined) inner.websocket.close()
      else inner.websocket.terminate()
    }
    return connection
  }
  return replaced(upgrader, {
    upgradeInbound: (...[connection, options]: Parameters<Upgrader['upgradeInbound']>) =>
      upgrader.upgradeInbound(mended(connection), options),
    upgradeOutbound: (...[connection, options]: Parameters<Upgrader['upgradeOutbound']>) =>
      upgrader.upgradeOutbound(mended(connection), options),
  })
}

/** What we need of the class that the package `ws` exports. */
type WebSocketClass = new (...args: unknown[]) => { on(event: 'error', listener: () => void): void }

/**
 * @libp2p/websockets dials with the global WebSocket, which Node has from version 22 on. Before, it gets that of the
 * package with which it listens; that throws errors that nothing listens for, as after a dial that was given up.
 */
function provideWebSocket(): void {
  if ('WebSocket' in globalThis) return
  const ws = createRequire(import.meta.resolve('@libp2p/websockets'))('ws') as { WebSocket: WebSocketClass }
  const value = class WebSocket extends ws.WebSocket {
    constructor(...args: unknown[]) {
      super(...args)
      this.on('error', () => {})
    }
  }
  Object.defineProperty(globalThis, 'WebSocket', { value, configurable: true, writable: true })
}
