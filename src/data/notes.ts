import { type Dataset, inputNames, type Samples } from './dataset.js'

/** So many names a sentence shows; a set of 1,000 classes would otherwise fill the screen. */
const namesShown = 8

/** Names in a sentence, cut where they are many. */
export function shortList(names: readonly string[]): string {
  const more = names.length - namesShown
  return more > 0 ? `${names.slice(0, namesShown).join(', ')} and ${more} more` : names.join(', ')
}

/** Which classes nobody can learn, because no training sample shows them. */
export function classNotes(classes: readonly string[], train: Samples, test: Samples): string[] {
  // Numbers to predict and images to restore are of one class.
  if (classes.length < 2) return []
  const trained = new Set(train.labels)
  const tested = new Set(test.labels)
  const unseen = [...classes.keys()].filter(label => !trained.has(label))
  return [
    ...classNote(classes, unseen, 'test samples only, so no model learns it', label => tested.has(label)),
    ...classNote(classes, unseen, 'no samples', label => !tested.has(label)),
  ]
}

function classNote(
  classes: readonly string[],
  labels: readonly number[],
  what: string,
  holds: (label: number) => boolean,
): string[] {
  const names = labels.filter(holds).map(label => classes[label]!)
  return names.length === 0 ? [] : [`${names.length === 1 ? 'class' : 'classes'} ${shortList(names)}: ${what}`]
}

/** Which columns tell nothing, because no training sample has a value there. */
export function emptyNotes(dataset: Pick<Dataset, 'table' | 'inputShape' | 'train'>): string[] {
  const { inputShape, train } = dataset
  const { inputs, size } = train
  if (inputShape.length !== 1 || size === 0 || inputs instanceof Uint8Array) return []
  const names = inputNames(dataset)
  const empty = names.filter((_, at) => {
    for (let i = at; i < inputs.length; i += names.length) if (!Number.isNaN(inputs[i]!)) return false
    return true
  })
  if (empty.length === 0) return []
  return [`${empty.length === 1 ? 'column' : 'columns'} ${shortList(empty.map(({ name }) => name))}: no values here`]
}
