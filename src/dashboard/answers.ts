import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Exposition } from '../exposition.js'
import { jsonIn } from '../json.js'
import { type Gate, passageOf } from './gate.js'
import { dashboardLimits } from './limits.js'
import type { PageFile } from './page.js'
import { actionNames, type WatchedPeer } from './peer-view.js'
import { type RunStreamInit, runStream } from './run-stream.js'

export interface AnswersInit extends RunStreamInit {
  readonly gate: Gate
  /** Of the page, by path. */
  readonly files: ReadonlyMap<string, PageFile>
  readonly metrics?: () => Promise<Exposition>
}

/** What a dashboard answers requests with. */
export interface Answers {
  answer(request: IncomingMessage, response: ServerResponse): void
  /** Resolves when no browser follows the run any more. */
  idle(): Promise<void>
}

/** Nothing but the page's own files is loaded by it, it is in no frame, and no other page reads its answers. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
}

/** Answers those who pass the gate; nobody else learns what is behind it. */
export function createAnswers({ gate, files, metrics, ...init }: AnswersInit): Answers {
  const { peer } = init
  const streams = new Set<Promise<void>>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const passage = passageOf(request, gate)
    if (!passage.ok) return refuse(response, passage.status)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const { method, path } = passage
    if (method === 'POST') {
      return peer !== undefined && path === 'ask' ? act(peer, request, response) : refuse(response, 404)
    }
    if (path === 'events') return follow(request, response)
    if (path === 'metrics' && metrics !== undefined) {
      const { type, text } = await metrics()
      return say(response, { type, content: text })
    }
    const file = files.get(path)
    return file === undefined ? refuse(response, 404) : say(response, file)
  }

  /** At the pace of the socket: `pipeline` asks for the next message once there is room for it. */
  async function follow(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [lastId] = [request.headers['last-event-id']].flat()
    response.setHeader('Content-Type', 'text/event-stream')
    response.flushHeaders()
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    // A browser that goes away is no error.
    const stream = pipeline(runStream(init, lastId, gone.signal), response).catch(() => {})
    streams.add(stream)
    await stream
    streams.delete(stream)
  }

  return {
    answer(request, response) {
      answer(request, response).catch(() => response.destroy())
    },
    async idle() {
      await Promise.all(streams)
    },
  }
}

/** Begins what the body asks for. */
async function act(peer: WatchedPeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk
    if (body.length > dashboardLimits.bodyBytes) return refuse(response, 413)
  }
  const asked = (jsonIn(body) as { action?: unknown } | null | undefined)?.action
  const action = actionNames.find(name => name === asked)
  if (action === undefined) return refuse(response, 400)
  peer.ask(action)
  response.writeHead(202).end()
}

function say(response: ServerResponse, { type, content }: PageFile): void {
  response.writeHead(200, { 'Content-Type': type }).end(content)
}

/** Without a word, and without a connection that stays. */
function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { Connection: 'close' }).end()
}
