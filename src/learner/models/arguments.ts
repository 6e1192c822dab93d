import * as z from 'zod'
import type { AllowedLayer } from './kind.js'

/*
 * Every argument that an allowed layer may have. TensorFlow.js passes over what it does not know, and then computes
 * something else than the file has it: so each argument is either one that is followed, as test/learner/keras-layers.test.ts
 * checks against Keras' own numbers, or it is refused by name.
 */

const flag = z.boolean({ error: 'must be true or false' })
const number = z.number({ error: 'must be a number' })
const count = z.int({ error: 'must be a whole number' }).min(1, 'must be at least 1')
const pair = (each: z.ZodType<number>): z.ZodType =>
  z.union([each, z.tuple([each, each])], { error: 'must be one or two whole numbers' })
const axis = z.int({ error: 'must be a whole number' })
const axes = z.union([axis, z.array(axis).min(1)], { error: 'must be a whole number, or some' })

/** An argument of which one value is followed. @param remedy - what to do about any other */
function only(value: string | number | boolean | null, remedy = ''): z.ZodType {
  return z.literal(value, { error: `must be ${value ?? 'left out'}${remedy}` })
}

const channelsLast = only('channels_last', '; put the channels behind height and width').nullable()
const one = z.union([z.literal(1), z.tuple([z.literal(1), z.literal(1)])], {
  error: 'must be 1; TensorFlow.js has no gradient',
})
const padding = z.enum(['valid', 'same'], { error: 'must be valid or same' })
const epsilon = number.positive('must be above 0')

const weighted = { activation: z.unknown(), use_bias: flag }
const pooling = { pool_size: pair(count), strides: pair(count).nullable(), padding, data_format: channelsLast }
const globalPooling = { data_format: channelsLast, keepdims: only(false, '; a Reshape behind the layer does the same') }
const norm = { epsilon, center: flag, scale: flag }
const side = z.int({ error: 'must be whole numbers' }).min(0, 'must not be negative')

const own: Readonly<Record<AllowedLayer, z.ZodRawShape>> = {
  InputLayer: { sparse: only(false), ragged: only(false), optional: only(false) },
  Dense: { units: z.unknown(), ...weighted, quantization_config: only(null) },
  Conv2D: {
    filters: z.unknown(),
    kernel_size: pair(count),
    strides: pair(count),
    padding,
    data_format: channelsLast,
    dilation_rate: one,
    groups: only(1, '; leave it out'),
    ...weighted,
  },
  MaxPooling2D: pooling,
  AveragePooling2D: pooling,
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  Flatten: { data_format: channelsLast },
  Reshape: {
    target_shape: z
      .array(z.union([count, z.literal(-1), z.null()]), { error: 'must be lengths, one of them -1 at most' })
      .min(1)
      .max(7),
  },
  ZeroPadding2D: {
    padding: z.union([side, z.tuple([side, side]), z.tuple([z.tuple([side, side]), z.tuple([side, side])])], {
      error: 'must be whole numbers that are not negative',
    }),
    data_format: channelsLast,
  },
  Activation: { activation: z.unknown() },
  ReLU: {
    max_value: number.positive('must be above 0').nullable(),
    negative_slope: only(0, '; use LeakyReLU').nullable(),
    threshold: only(0, '; leave it out').nullable(),
  },
  LeakyReLU: { alpha: number.min(0, 'must not be negative') },
  ELU: { alpha: number.min(0, 'must not be negative') },
  Softmax: { axis: axes },
  Dropout: {
    rate: number.min(0, 'must be 0 to below 1').lt(1, 'must be 0 to below 1'),
    // Where units are dropped is the run's to say.
    seed: z.unknown(),
    noise_shape: z.array(count.nullable(), { error: 'must be lengths' }).nullable(),
  },
  BatchNormalization: {
    axis,
    momentum: number,
    ...norm,
    // Of replicas on several devices: a peer has one.
    synchronized: flag,
    renorm: only(false),
    renorm_clipping: z.unknown(),
    renorm_momentum: z.unknown(),
  },
  LayerNormalization: {
    axis: axes,
    ...norm,
    rms_scaling: only(false, ', which in Keras scales by something else than its name suggests; leave it out'),
  },
  GroupNormalization: { groups: axis, axis, ...norm },
  Add: {},
  Concatenate: { axis },
}

const shared = {
  name: z.string(),
  trainable: flag,
  batch_input_shape: z.array(count.nullable()).min(1).max(8),
  input_shape: z.array(count.nullable()).max(7),
}

/** Checked elsewhere (regularisers), or used only where the run draws the start (initialisers). */
const elsewhere = /_(initializer|regularizer|constraint)$/

/**
 * What is wrong with a layer's arguments, if anything is.
 *
 * @param config - in the words of Keras 2
 * @returns "groups must be 1", or that an argument is not known
 */
export function wrongArgument(layer: AllowedLayer, config: Readonly<Record<string, unknown>>): string | undefined {
  const arguments_ = Object.fromEntries(Object.entries(config).filter(([name]) => !elsewhere.test(name)))
  const checked = z
    .strictObject({ ...shared, ...own[layer] })
    .partial()
    .safeParse(arguments_)
  if (checked.success) return undefined
  const [issue] = checked.error.issues
  if (issue!.code === 'unrecognized_keys') {
    return `the argument ${issue!.keys[0]} is not known here; save the model without it`
  }
  return `${String(issue!.path[0])} ${issue!.message}`
}
