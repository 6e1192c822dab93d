import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { jsonIn } from '../json.js'
import { type Expert, expertLimit } from '../mixture/index.js'
import {
  allocate,
  decodeSafetensorsHeader,
  encodeSafetensors,
  type Layout,
  layoutOf,
  safetensorsDataStart,
  safetensorsLengthBytes,
  safetensorsLimits,
  sameLayout,
} from '../tensors/index.js'

/*
 * The heads that a peer received, as one safetensors file: of each expert the head's tensors in their order, called
 * "<peer id>/<layer>/<weight>"; and as metadata whose each is and of which round.
 */

const format = 'hearsay experts 1'

/** Thousands of heads of a few tensors each: more header than a model has. */
const limits = { ...safetensorsLimits, headerBytes: 32 << 20 }

/** A received head, and what its author is called. */
export interface KeptExpert extends Expert {
  readonly name?: string | undefined
}

const aboutSchema = z.strictObject({ format: z.literal(format), experts: z.string().max(2 << 20) })
const expertsSchema = z
  .array(
    z.strictObject({
      peer: z.string().min(1).max(128),
      name: z.string().max(1000).optional(),
      round: z.int().min(0),
    }),
  )
  .max(expertLimit)

/** @param headLayout - of every head */
export function encodeExperts(experts: readonly KeptExpert[], headLayout: Layout): Uint8Array {
  const layout = layoutOfExperts(experts, headLayout)
  const values = new Float32Array(layout.size)
  for (const [i, { head }] of experts.entries()) values.set(head, i * headLayout.size)
  const known = experts.map(({ peer, name, round }) => ({ peer, name, round }))
  return encodeSafetensors({ layout, values }, { format, experts: JSON.stringify(known) })
}

function layoutOfExperts(experts: readonly { readonly peer: string }[], headLayout: Layout): Layout {
  return layoutOf(
    experts.flatMap(({ peer }) => headLayout.tensors.map(({ name, shape }) => ({ name: `${peer}/${name}`, shape }))),
  )
}

/**
 * Reads what {@link encodeExperts} wrote; heads come out on shared memory.
 *
 * @throws {@link HearsayError} `PARAMETERS` when the bytes are not that, or heads have another layout
 */
export function decodeExperts(bytes: Uint8Array, headLayout: Layout, source: string): KeptExpert[] {
  const wrong = (what: string): HearsayError => new HearsayError('PARAMETERS', `${source}: ${what}`)
  if (bytes.length < safetensorsLengthBytes) throw wrong('is too short to be a safetensors file; was it cut off?')
  const start = safetensorsDataStart(bytes, source, limits)
  if (start > bytes.length) throw wrong('ends inside its header; was it cut off?')
  const header = bytes.subarray(safetensorsLengthBytes, start)
  const { layout, metadata } = decodeSafetensorsHeader(header, bytes.length - start, source)
  const about = aboutSchema.safeParse(metadata)
  const experts = about.success ? expertsSchema.safeParse(jsonIn(about.data.experts)) : undefined
  if (!experts?.success) throw wrong('does not say whose heads it holds')
  if (!sameLayout(layout, layoutOfExperts(experts.data, headLayout))) {
    throw wrong('its heads are not those of this model; was it written for another?')
  }
  return experts.data.map((expert, i) => {
    const head = allocate(headLayout)
    const from = start + i * head.byteLength
    new Uint8Array(head.buffer).set(bytes.subarray(from, from + head.byteLength))
    if (!head.every(Number.isFinite)) throw wrong(`the head of ${expert.peer} holds numbers that are not finite`)
    return { ...expert, head }
  })
}
