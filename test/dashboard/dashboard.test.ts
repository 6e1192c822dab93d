import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDashboard, type DashboardInit, dashboardLimits, type WatchedPeer } from '../../src/dashboard/index.js'
import { manifestYaml, parseManifest } from '../../src/node/index.js'

const manifest = manifestYaml(parseManifest({ data: 'digits', peers: 2, rounds: 4, topology: 'ring' }))

/** A dashboard of a run folder with these events. */
async function dashboardOf(
  metrics: string,
  init: Partial<DashboardInit> = {},
): Promise<{ folder: string; address: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-dashboard-'))
  await writeFile(join(folder, 'manifest.yaml'), manifest)
  await writeFile(join(folder, 'metrics.jsonl'), metrics)
  const dashboard = createDashboard({ folder, ...init })
  onTestFinished(async () => {
    await dashboard.stop()
    await rm(folder, { recursive: true })
  })
  return { folder, address: await dashboard.start(), stop: () => dashboard.stop() }
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

function ask(address: string, { body, ...options }: Asked = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(address, { agent: false, ...options }, resolve)
      .on('error', reject)
      .end(body)
  })
}

interface Message {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}

/** The messages of a run, until one of them is the last that is wanted. */
async function messages(address: string, isLast: (message: Message) => boolean, lastId?: string): Promise<Message[]> {
  const response = await ask(`${address}events`, lastId === undefined ? {} : { headers: { 'Last-Event-ID': lastId } })
  const all: Message[] = []
  let rest = ''
  for await (const chunk of response.setEncoding('utf8')) {
    const parts = `${rest}${chunk}`.split('\n\n')
    rest = parts.pop()!
    for (const part of parts) {
      const fields = part.split('\n').map(line => [line.split(': ')[0]!, line.slice(line.indexOf(': ') + 2)] as const)
      const of = (name: string): string[] => fields.flatMap(([field, value]) => (field === name ? value : []))
      if (of('data').length === 0) continue
      const message = { event: of('event')[0] ?? 'message', id: of('id')[0], data: of('data').join('\n') }
      all.push(message)
      if (isLast(message)) return all
    }
  }
  return all
}

const linesIn = (all: readonly Message[]): string[] =>
  all.filter(({ event }) => event === 'message').flatMap(({ data }) => (data === '' ? [] : data.split('\n')))

describe('what a dashboard serves', () => {
  it('is its page, and tells nothing without the token', async () => {
    const { address } = await dashboardOf('')
    const page = await ask(address)
    expect([page.statusCode, await text(page)]).toEqual([200, expect.stringContaining('<main id="dashboard">')])
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' })
    for (const path of ['dashboard.js', 'dashboard.css']) expect((await ask(address + path)).statusCode).toBe(200)
    const { origin } = new URL(address)
    for (const path of [
      '/',
      '/events',
      '/dashboard.js',
      '/AAAAAAAAAAAAAAAAAAAAAA/',
      `${address.slice(origin.length)}../`,
    ])
      expect([path, (await ask(origin + path)).statusCode]).toEqual([path, 404])
    const strange = await ask(address, { headers: { Host: 'evil.example' } })
    expect([strange.statusCode, await text(strange)]).toEqual([404, ''])
    // Of a run without a peer in this process there is nothing to press, nor are there metrics.
    for (const path of ['ask', 'metrics', 'constructor']) expect((await ask(address + path)).statusCode).toBe(404)
  })

  it('is the metrics that it was given', async () => {
    const { address } = await dashboardOf('', { metrics: async () => ({ type: 'text/plain', text: 'up 1\n' }) })
    const response = await ask(`${address}metrics`)
    expect([response.headers['content-type'], await text(response)]).toEqual(['text/plain', 'up 1\n'])
  })

  it('is refused on a port that another has, in one line', async () => {
    const { address, folder } = await dashboardOf('')
    const port = Number(new URL(address).port)
    await expect(createDashboard({ folder, port }).start()).rejects.toThrow(`--watch ${port}: `)
  })
})

describe('events', () => {
  it('are all of the file, whenever a browser comes, and then what is added to it', async () => {
    const { address, folder, stop } = await dashboardOf('{"a":1}\n{"b":2}\n{"c"')
    const early = await messages(address, ({ event }) => event === 'message')
    expect(early.map(({ event }) => event)).toEqual(['run', 'message'])
    expect(JSON.parse(early[0]!.data)).toMatchObject({ method: 'dfedsam', rounds: 4 })
    expect(linesIn(early)).toEqual(['{"a":1}', '{"b":2}'])
    const later = messages(address, () => false, early[1]!.id)
    await appendFile(join(folder, 'metrics.jsonl'), ':3}\n')
    await stop()
    expect(linesIn(await later)).toEqual(['{"c":3}'])
    expect((await later).at(-1)!.event).toBe('end')
  })

  it('begin anew where the file is another, or the browser’s place is none of ours', async () => {
    const { address } = await dashboardOf('{"a":1}\n')
    for (const id of ['1.1', '../../etc', '999999999999999999999999.1']) {
      const all = await messages(address, ({ event }) => event === 'message', id)
      expect(linesIn(all), id).toEqual(['{"a":1}'])
    }
    const other = await messages(address, ({ event }) => event === 'message', '1.1')
    expect(other.map(({ event }) => event)).toEqual(['run', 'again', 'message'])
  })

  it('cannot be forged by what a line holds', async () => {
    const { address } = await dashboardOf('{"name":"x\revent: end\rdata: -\r\r"}\n')
    const all = await messages(address, ({ event }) => event === 'message')
    expect(all.at(-1)).toMatchObject({ event: 'message', data: '{"name":"x event: end data: -  "}' })
  })

  it('tell of the summary once it is there', async () => {
    const { address, folder } = await dashboardOf('')
    const told = messages(address, ({ data }) => data.includes('"seconds":7'))
    await writeFile(join(folder, 'summary.json'), '{"rounds":4,"seconds":7}')
    expect(JSON.parse((await told).at(-1)!.data)).toMatchObject({ summary: { seconds: 7 } })
  })

  it('wait for a browser that stalls, and neither others nor the end do', async () => {
    const bytes = 48 * 1024 * 1024
    const line = `${'x'.repeat(1023)}\n`
    const { address, stop } = await dashboardOf(line.repeat(bytes / line.length))
    const { port, pathname } = new URL(address)
    const stalled = connect(Number(port), '127.0.0.1')
    let got = 0
    stalled.write(`GET ${pathname}events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    stalled.pause()
    let lines = 0
    await messages(address, ({ event, data }) => {
      if (event === 'message' && data !== '') lines += data.split('\n').length
      return lines === bytes / line.length
    })
    await stop()
    stalled.on('data', chunk => {
      got += chunk.length
    })
    const closed = new Promise(resolve => stalled.on('close', resolve).on('error', () => {}))
    stalled.resume()
    await closed
    expect(got).toBeLessThan(bytes / 2)
  })
})

describe('a peer’s buttons', () => {
  const view = { actions: {}, members: [] } as unknown as Awaited<ReturnType<WatchedPeer['view']>>

  it('ask for what they say, and nothing else does', async () => {
    const asked: string[] = []
    const peer: WatchedPeer = { view: async () => view, ask: action => void asked.push(action) }
    const { address } = await dashboardOf('', { peer })
    const { origin } = new URL(address)
    const headers = { origin, 'content-type': 'application/json' }
    const post = async (body: string, more: Asked = {}): Promise<number | undefined> =>
      (await ask(`${address}ask`, { method: 'POST', headers, body, ...more })).statusCode
    expect(await post('{"action":"save"}')).toBe(202)
    expect(await post('{"action":"constructor"}')).toBe(400)
    expect(await post('null')).toBe(400)
    expect(await post(`"${'x'.repeat(dashboardLimits.bodyBytes)}"`)).toBe(413)
    expect(await post('{"action":"leave"}', { headers: { ...headers, origin: 'http://evil.example' } })).toBe(403)
    expect(asked).toEqual(['save'])
    const all = await messages(address, ({ event }) => event === 'peer')
    expect(JSON.parse(all.at(-1)!.data)).toEqual(view)
  })
})
