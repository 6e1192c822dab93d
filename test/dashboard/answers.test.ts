import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, onTestFinished, vi } from 'vitest'
import { createAnswers } from '../../src/dashboard/answers.js'
import { manifestYaml, parseManifest } from '../../src/node/index.js'

it('a browser that goes away is forgotten, though the run that it watched says nothing more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hearsay-answers-'))
  await writeFile(join(folder, 'manifest.yaml'), manifestYaml(parseManifest({ data: 'digits', peers: 2 })))
  await writeFile(join(folder, 'metrics.jsonl'), '')
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(async () => {
    server.close()
    await rm(folder, { recursive: true })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const gate = { token: 'x'.repeat(22), port }
  const answers = createAnswers({ folder, gate, files: new Map(), ending: new AbortController().signal })
  server.on('request', answers.answer)
  const socket = connect(port, '127.0.0.1')
  socket.write(`GET /${gate.token}/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
  let told = ''
  socket.setEncoding('utf8').on('data', chunk => {
    told += chunk
  })
  await vi.waitUntil(() => told.includes('event: run'), { timeout: 30_000 })
  socket.destroy()
  await answers.idle()
})
