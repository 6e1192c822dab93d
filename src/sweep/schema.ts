import * as z from 'zod'
import { seedSchema } from '../node/index.js'

/** What a sweep may be made of. Each has a test. */
export const sweepLimits = {
  /** All combinations together. A year of runs of an hour, on one machine. */
  runs: 10_000,
  /** Of one field. */
  values: 1000,
  /** Fields that vary. Beyond 13 each with two values, there are too many runs anyway. */
  fields: 32,
} as const

const { runs, values, fields } = sweepLimits

/** Numbers at equal distances, or at equal ratios. */
const rangeSchema = z
  .strictObject({
    from: z.number().meta({ says: 'The first value', example: 0.01 }),
    to: z.number().meta({ says: 'The last value; with step, none lies beyond it', example: 0.1 }),
    step: z.number().positive().optional().meta({ says: 'From one value to the next', example: 0.01 }),
    steps: z.int().min(2).max(values).optional().meta({ says: 'How many values, both ends among them', example: 5 }),
    scale: z
      .enum(['linear', 'log'])
      .optional()
      .meta({ says: 'With steps: linear, at equal distances (the default), or log, at equal ratios', example: 'log' }),
  })
  .superRefine(({ from, to, step, steps, scale }, context) => {
    const wrong = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
    if (to <= from) wrong('to', `must be more than from, which is ${from}`)
    if ((step === undefined) === (steps === undefined)) {
      const both = step !== undefined
      wrong(
        both ? 'steps' : 'step',
        both ? 'does not go with step; remove one of the two' : 'is missing; or give steps',
      )
    }
    if (step !== undefined && (to - from) / step >= values)
      wrong('step', `makes more than ${values} values; take a larger one`)
    if (scale !== undefined && steps === undefined) wrong('scale', 'goes with steps, not with step')
    if (scale === 'log' && from <= 0) wrong('from', 'must be more than 0 where scale is log')
  })

/** A range of numbers, as it is written. */
export type Range = z.output<typeof rangeSchema>

/** A field's path as it is written in `vary`: "training.learningRate". */
const fieldPath = /^[a-z]\w{0,63}(\.[a-z]\w{0,63}){0,7}$/i

const varySchema = z
  .record(
    z.string(),
    z.union([z.array(z.unknown()).min(1).max(values), rangeSchema], {
      error: 'must be a list of values, or a range { from, to, step } or { from, to, steps }',
    }),
  )
  .superRefine((vary, context) => {
    const paths = Object.keys(vary)
    const wrong = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
    if (paths.length > fields) wrong([], `has ${paths.length} fields; at most ${fields} may vary`)
    for (const path of paths) {
      if (path === 'seed') wrong([path], 'stands beside vary: seeds')
      else if (!fieldPath.test(path)) wrong([path], 'must be the path of a manifest field, as training.learningRate')
    }
  })

/** Version of the format of sweep.yaml. */
const format = 1

/** A file that describes a sweep. */
export const sweepSchema = z.strictObject({
  format: z
    .literal(format, `must be ${format}, which this version of Hearsay reads`)
    .default(format)
    .meta({ says: 'Of this file: another version of Hearsay may read its fields otherwise' }),
  base: z
    .union([z.string().min(1).max(4096), z.record(z.string(), z.unknown())])
    .default({})
    .meta({
      says: 'What all runs have in common: a manifest, or the path of its file, relative to this one',
      example: 'run.yaml',
    }),
  vary: varySchema.default({}).meta({
    says: 'By path, the values of each field that varies: a list, or a range { from, to, step } or { from, to, steps, scale }. All are combined',
    example: { 'training.learningRate': [0.01, 0.05], topology: ['ring', 'exponential'] },
  }),
  seeds: z
    .union([z.int().min(1).max(runs), z.array(seedSchema).min(1).max(values)])
    .optional()
    .meta({ says: 'Of every combination: how many, from 1 on, or a list; left out, the seed of the base', example: 5 }),
})

/** A sweep as its file has it, defaults filled in. */
export type SweepSpec = z.output<typeof sweepSchema>
