import { describe, expect, it } from 'vitest'
import { backendSchema, modelSchema, trainingSchema } from '../../src/learner/index.js'
import { validate } from '../../src/validation.js'

describe('the section model', () => {
  it('is a name, an object or a file', () => {
    expect(modelSchema.parse('mlp')).toEqual({ kind: 'mlp', hidden: [200, 200], head: 'output' })
    expect(modelSchema.parse({ kind: 'mlp', hidden: [64], head: 'dense1' })).toEqual({
      kind: 'mlp',
      hidden: [64],
      head: 'dense1',
    })
    expect(modelSchema.parse('cnn')).toEqual({ kind: 'cnn', channels: [8, 16], hidden: 32, head: 'output' })
    expect(modelSchema.parse({ path: 'model.json', head: 'dense' })).toEqual({
      kind: 'file',
      path: 'model.json',
      head: 'dense',
    })
  })

  it('reads back what it wrote', () => {
    for (const input of ['logistic', 'mlp', 'lenet5', 'cnn', 'resnet18', 'vgg11'] as const) {
      expect(modelSchema.parse(modelSchema.parse(input))).toEqual(modelSchema.parse(input))
    }
  })

  it.each([
    ['resnet', 'logistic, mlp, lenet5, cnn, resnet18, vgg11, sr'],
    [{ kind: 'resnet18', groups: 24 }, 'groups: must divide width, the channels of the first stage'],
    [{ kind: 'vgg11', width: 8, groups: 16 }, 'groups: must divide width'],
    [{ kind: 'vgg11', groups: 512 }, 'groups: must be at most 256'],
    [{ kind: 'resnet18', width: 9 }, 'width: must be even'],
    [{ kind: 'resnet18', width: 0 }, 'width: must be at least 2'],
    [{ kind: 'vgg11', features: 0 }, 'features: must be at least 1'],
    [{ kind: 'mlp', features: 32 }, 'unknown field "features"'],
    [{ kind: 'mlp', hidden: [] }, 'hidden'],
    [{ kind: 'mlp', hidden: [5000] }, 'at most 4096'],
    [{ kind: 'lenet5', hidden: 3 }, 'unknown field "hidden"'],
    [{ path: 'model.json' }, 'head: is missing; name the layer with which the head begins'],
    [{}, 'kind: must be one of logistic'],
    [7, 'run.yaml'],
    [{ kind: 'mlp', path: 'model.json' }, 'unknown field "path"'],
  ])('refuses %j', (input, message) => {
    expect(() => validate(modelSchema, input, 'run.yaml', 'MANIFEST')).toThrow(message)
  })
})

describe('the section training', () => {
  it('has defaults', () => {
    const defaults = { batch: 32, learningRate: 0.05, decay: 0.998, weightDecay: 0, adaptive: false }
    expect(trainingSchema.parse({})).toEqual(defaults)
    expect(trainingSchema.parse({ pace: {} })).toEqual({ ...defaults, pace: { least: 20, most: 100 } })
    expect(trainingSchema.parse({ augment: { crop: 4 } })).toEqual({ ...defaults, augment: { crop: 4, flip: false } })
  })

  it.each([
    [{ epochs: 1, steps: 1 }, 'steps: does not go with epochs'],
    [{ epochs: 1, pace: {} }, 'pace: does not go with epochs'],
    [{ steps: 1, pace: {} }, 'pace: does not go with steps'],
    [{ pace: { least: 50, most: 40 } }, 'pace.least: must be at most most'],
    [{ pace: { least: 0 } }, 'pace.least: must be at least 1'],
    [{ learningRate: 0 }, 'learningRate: must be more than 0'],
    [{ batch: 0 }, 'batch: must be at least 1'],
    [{ rho: 0.1 }, 'unknown field "rho"'],
    [{ clip: 0 }, 'clip'],
    [{ augment: { crop: 65 } }, 'augment.crop: must be at most 64'],
    [{ augment: { rotate: 3 } }, 'unknown field "rotate"'],
  ])('refuses %j', (input, message) => {
    expect(() => validate(trainingSchema, input, 'run.yaml', 'MANIFEST')).toThrow(message)
  })
})

it('backends are known by name', () => {
  expect(backendSchema.options).toEqual(['auto', 'node-gpu', 'webgpu', 'node', 'wasm'])
})
