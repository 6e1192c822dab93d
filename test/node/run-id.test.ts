import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { methodNames, methodOf, registerMethod } from '../../src/methods/index.js'
import { type Manifest, manifestYaml, parseManifest, runIdOf } from '../../src/node/index.js'
import { topologyKinds } from '../../src/topology/index.js'

const idOf = (manifest: Manifest): string => Buffer.from(runIdOf(manifest)).toString('hex')
const whole = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max })

const model = fc.oneof(
  fc.constantFrom('logistic', 'mlp', 'lenet5', 'cnn', 'resnet18', 'vgg11', 'sr'),
  fc.record({ kind: fc.constant('mlp'), hidden: fc.array(whole(64), { minLength: 1, maxLength: 3 }) }),
  fc.record({
    kind: fc.constantFrom('resnet18', 'vgg11'),
    width: whole(32).map(half => 2 * half),
    features: whole(64),
  }),
  fc.record({ path: fc.constant('own.keras'), head: fc.constant('top') }),
)
const data = fc.oneof(
  fc.constantFrom('digits', 'heart-disease', 'own.csv'),
  fc.constant({ set: 'own.csv', target: 'price' }),
  fc.constant({ set: 'own.csv', peerColumn: 'hospital' }),
)
const training = fc.record(
  {
    steps: whole(100),
    batch: whole(64),
    learningRate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
    clip: fc.double({ min: 1e-3, max: 10, noNaN: true }),
    augment: fc.record({ crop: whole(4), flip: fc.boolean() }),
  },
  { requiredKeys: [] },
)
const merge = fc.oneof(
  fc.constantFrom(...methodNames()),
  fc.constant({ method: 'mixture', schedule: 'joint' }),
  fc.constant({ method: 'mixture', gate: 'mean', transform: false }),
  fc.record(
    { method: fc.constant('averaging'), gossipSteps: whole(8), rho: fc.double({ min: 0, max: 1, noNaN: true }) },
    { requiredKeys: ['method'] },
  ),
)
const manifests = fc.record(
  {
    data,
    model,
    training,
    merge,
    peers: whole(64),
    mode: fc.constantFrom('sync', 'async'),
    topology: fc.constantFrom(...topologyKinds.filter(kind => kind !== 'edges')),
  },
  { requiredKeys: [] },
)

it('a settled manifest settles to itself, and is the same run', () => {
  let read = 0
  fc.assert(
    fc.property(manifests, written => {
      const settled = settledOrRefused(written)
      if (settled === undefined) return
      read++
      const again = parseManifest(settled)
      expect(again).toEqual(settled)
      expect(idOf(again)).toBe(idOf(settled))
      expect(parseManifest(parse(manifestYaml(settled)))).toEqual(settled)
    }),
    { numRuns: 150 },
  )
  expect(read).toBeGreaterThan(30)
})

/** Not all axes go with each other. */
function settledOrRefused(written: unknown): Manifest | undefined {
  try {
    return parseManifest(written)
  } catch {
    return undefined
  }
}

it('has every number of its method, and of its model', () => {
  expect(parseManifest({ merge: 'dfedsam-mgs', model: 'vgg11' })).toMatchObject({
    merge: { gossipSteps: 4, acceleration: 'plain', rho: 0.05, momentum: 0 },
    model: { width: 64, groups: 32, head: 'output' },
  })
  const augment = { crop: 2, flip: false }
  expect(parseManifest({ merge: 'mixture', training: { augment } }).merge).toMatchObject({ augment })
})

it('of a method with another default is another run', () => {
  let usual = 0.1
  const own = methodOf(parseManifest({}).merge)
  registerMethod<{ method: string; pull?: number | undefined }>({
    name: 'pulled',
    says: 'as the default method, but pulled',
    schema: z.strictObject({ method: z.literal('pulled'), pull: z.number().optional() }),
    road: own.road,
    needs: {},
    settle: section => ({ ...section, pull: section.pull ?? usual }),
    local: () => ({ rho: 0, momentum: 0, oneStep: false }),
    plan: (_, facts) => own.plan(parseManifest({}).merge, facts),
  })
  const before = parseManifest({ merge: 'pulled' })
  usual = 0.2
  const after = parseManifest({ merge: 'pulled' })
  expect(idOf(after)).not.toBe(idOf(before))
  // What was settled before the change still means what it meant.
  expect(idOf(parseManifest(before))).toBe(idOf(before))
})
