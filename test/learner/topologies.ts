/** A layer of a model as Keras' JSON has it. */
export const layer = (class_name: string, config: object): object => ({ class_name, config })

/** A model of two dense layers that drops units between them: each step draws numbers. */
export function droppingTopology(inputShape: readonly number[], classes: number): object {
  const layers = [
    layer('InputLayer', { name: 'input', batch_input_shape: [null, ...inputShape] }),
    layer('Flatten', { name: 'flat' }),
    layer('Dense', { name: 'body', units: 8, activation: 'relu' }),
    layer('Dropout', { name: 'drop', rate: 0.5 }),
    layer('Dense', { name: 'output', units: classes }),
  ]
  return layer('Sequential', { name: 'dropping', layers })
}
