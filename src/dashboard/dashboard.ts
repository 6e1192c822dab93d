import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inTime } from '../deadline.js'
import { HearsayError } from '../errors.js'
import type { Exposition } from '../exposition.js'
import type { KeptSummary } from '../report/index.js'
import { whyNot } from '../system-errors.js'
import { type Answers, createAnswers } from './answers.js'
import { dashboardLimits } from './limits.js'
import { pageFiles } from './page.js'
import type { WatchedPeer } from './peer-view.js'

export interface DashboardInit {
  /** Of the run: created before the dashboard starts. */
  readonly folder: string
  /** On 127.0.0.1. @default any that is free */
  readonly port?: number
  /** What is known of the run before its summary is there. @default nothing */
  readonly known?: KeptSummary
  /** The peer in the field whose run it is, if it runs in this process. */
  readonly peer?: WatchedPeer
  /** What is served as `metrics`. @default nothing is */
  readonly metrics?: () => Promise<Exposition>
}

/** A page on this machine that shows a run, and follows it. */
export interface Dashboard {
  /** Listens. Idempotent. @returns the page's address, which is for this machine's user alone */
  start(): Promise<string>
  /** Sends the browsers that watch what there is, tells them that it was all, and closes. Idempotent. */
  stop(): Promise<void>
}

/** Creates the dashboard of a run folder, whose files it follows. */
export function createDashboard({ port = 0, ...init }: DashboardInit): Dashboard {
  const ending = new AbortController()
  let started: Promise<Served> | undefined
  let stopped: Promise<void> | undefined

  async function start(): Promise<Served> {
    const token = randomBytes(16).toString('base64url')
    const files = await pageFiles()
    const server = createLimitedServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    } catch (error) {
      const about = { field: '--watch', value: String(port), cause: error }
      throw new HearsayError('NETWORK', `${whyNot(error)}; name another port`, about)
    }
    const gate = { token, port: (server.address() as AddressInfo).port }
    const answers = createAnswers({ ...init, gate, files, ending: ending.signal })
    server.on('request', answers.answer)
    return { server, answers, address: `http://127.0.0.1:${gate.port}/${token}/` }
  }

  async function stop(): Promise<void> {
    // Who has called start knows that it failed.
    const served = await started?.catch(() => undefined)
    if (served === undefined) return
    const { server, answers } = served
    const closed = new Promise(resolve => server.close(resolve))
    ending.abort()
    await inTime(answers.idle(), dashboardLimits.endMs)
    server.closeAllConnections()
    await closed
  }

  return {
    async start() {
      started ??= start()
      return (await started).address
    },
    stop() {
      stopped ??= stop()
      return stopped
    },
  }
}

interface Served {
  readonly server: Server
  readonly answers: Answers
  readonly address: string
}

function createLimitedServer(): Server {
  const { headerBytes, headers, requestMs, connections } = dashboardLimits
  const server = createServer({
    maxHeaderSize: headerBytes,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    keepAliveTimeout: requestMs,
    connectionsCheckingInterval: requestMs,
  })
  server.maxConnections = connections
  server.maxHeadersCount = headers
  return server
}
