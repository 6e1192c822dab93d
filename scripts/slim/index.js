#!/usr/bin/env node
// What `encoding: { codec: f32, slim: true }` saves of trained models, and what it costs: `npm run build`, then
// `node scripts/slim/index.js runs/*/peers/*.safetensors`. Medians of several turns over at least 8 MB.
import { readFileSync } from 'node:fs'
import { slim, unslim } from '../../dist/gossip/head/slim.js'
import { chunksOf } from '../../dist/gossip/stream/frames.js'

const leastBytes = 8e6
const turns = 5

for (const path of process.argv.slice(2)) {
  const file = readFileSync(path)
  const model = file.subarray(8 + Number(file.readBigUInt64LE(0)))
  const payload = Buffer.concat(Array.from({ length: Math.ceil(leastBytes / model.length) }, () => model))
  const perMB = ms => (ms / payload.length) * 1e6
  const times = []
  for (let turn = 0; turn < turns; turn++) {
    const began = performance.now()
    const frames = [...slim(chunksOf(payload))]
    const coded = performance.now()
    let bytes = 0
    for await (const piece of unslim(payload.length)(piecesOf(frames))) bytes += piece.bytes.length
    if (bytes !== payload.length) throw new Error('Bytes are lost')
    const length = frames.reduce((sum, frame) => sum + frame.length, 0)
    times.push({
      share: length / payload.length,
      encode: perMB(coded - began),
      decode: perMB(performance.now() - coded),
    })
  }
  const { share, encode, decode } = times.sort((a, b) => a.encode + a.decode - b.encode - b.decode)[turns >> 1]
  console.log(path, { share: share.toFixed(3), 'encode, ms/MB': encode.toFixed(1), 'decode, ms/MB': decode.toFixed(1) })
}

async function* piecesOf(frames) {
  for (const [frame, bytes] of frames.entries()) yield { frame, bytes, last: true }
}
