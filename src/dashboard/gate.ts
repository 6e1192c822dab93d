import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Longer paths are no page of ours. */
const longestPath = 256

/** Whom a dashboard serves. */
export interface Gate {
  /** The first segment of every path: whoever knows it is the user who was told the address. */
  readonly token: string
  readonly port: number
}

/** A request that may pass, by the rest of its path; or the status of its refusal. */
export type Passage =
  | { readonly ok: true; readonly method: 'GET' | 'POST'; readonly path: string }
  | { readonly ok: false; readonly status: 403 | 404 | 405 | 415 }

/**
 * Checks that a request comes from the page of this very server, or from the user who opens it. A page of elsewhere
 * that lets its name point to 127.0.0.1 (DNS rebinding) sends its own name as host; one that posts here, its origin.
 * Without the token all that is told is that nothing is there.
 */
export function passageOf(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>, gate: Gate): Passage {
  const { method, url = '', headers } = request
  const hosts = [`127.0.0.1:${gate.port}`, `localhost:${gate.port}`]
  const [, token = '', ...rest] = url.length > longestPath ? [] : url.split('?', 1)[0]!.split('/')
  // Without a slash behind it the token is a name in the folder above: relative addresses of the page would be wrong.
  if (!isSame(token, gate.token) || rest.length === 0) return { ok: false, status: 404 }
  if (headers.host === undefined || !hosts.includes(headers.host)) return { ok: false, status: 404 }
  const path = rest.join('/')
  if (method === 'GET') return { ok: true, method, path }
  if (method !== 'POST') return { ok: false, status: 405 }
  if (headers.origin !== `http://${headers.host}`) return { ok: false, status: 403 }
  if (headers['content-type'] !== 'application/json') return { ok: false, status: 415 }
  return { ok: true, method, path }
}

/** In a time that does not depend on where they differ, nor on their lengths. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}
