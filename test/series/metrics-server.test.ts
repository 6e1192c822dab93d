import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { type MetricsServer, serveMetrics } from '../../src/series/index.js'

const exposition = { type: 'text/plain; version=0.0.4', text: 'hearsay_round 3\n' }

async function served(text = async () => exposition): Promise<MetricsServer> {
  const server = await serveMetrics({ port: 0 }, text)
  onTestFinished(server.close)
  return server
}

/** The status, with a Host header of our own choice, which fetch does not allow. */
function statusOf(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, response => {
      response.resume()
      resolve(response.statusCode!)
    })
      .on('error', reject)
      .end()
  })
}

it('serves a text at /metrics, to read only, and nothing else', async () => {
  const { url } = await served()
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    exposition.type,
    exposition.text,
  ])
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405)
  expect((await fetch(new URL('/', url))).status).toBe(404)
  expect((await fetch(new URL('/metrics/../secret', url))).status).toBe(404)
})

it('a page whose name was made to point here reads nothing', async () => {
  const { url } = await served()
  const { port } = new URL(url)
  expect(await statusOf(url, { Host: `localhost:${port}` })).toBe(200)
  expect(await statusOf(url, { Host: `evil.example:${port}` })).toBe(403)
  expect(await statusOf(url, { Host: '127.0.0.1.evil.example' })).toBe(403)
})

it('headers are bounded, and an error is not told', async () => {
  const { url } = await served(() => Promise.reject(new Error('secret')))
  expect(await statusOf(url, { 'X-Long': 'x'.repeat(10_000) })).toBe(431)
  const answer = await fetch(url)
  expect([answer.status, await answer.text()]).toEqual([500, ''])
})

it('a port that is in use is one line; to close is idempotent, and ends who is connected', async () => {
  const server = await served()
  const { port } = new URL(server.url)
  await expect(serveMetrics({ port: Number(port) }, async () => exposition)).rejects.toThrow(
    `metrics 127.0.0.1:${port}: is in use; choose another port`,
  )
  const socket = connect(Number(port), '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  const ended = new Promise(resolve => socket.once('close', resolve).resume())
  await Promise.all([server.close(), server.close()])
  await ended
})
