import { fileURLToPath } from 'node:url'
import type { DataInput, PartitionInput } from './spec.js'

/** A data set that ships with the package. It is read like any other file; only the options are known beforehand. */
export interface ShippedSet {
  readonly title: string
  /** Where it lies, absolute. */
  readonly path: string
  /** How to read it; the manifest's own fields go before. */
  readonly options: Omit<DataInput, 'set'>
  /** How it is dealt to peers unless the manifest states it. */
  readonly partition: PartitionInput
  /** How many peers unless the manifest states it. @default as the manifest has it */
  readonly peers?: number
  readonly licence: string
  readonly citation: string
}

function shipped(file: string): string {
  // The same depth below the package's root in src/ and in dist/.
  return fileURLToPath(new URL(`../../data/${file}`, import.meta.url))
}

/** The shipped sets by name; data/README.md has where each comes from. */
export const shippedSets: Readonly<Record<string, ShippedSet>> = {
  pneumoniamnist: {
    title: 'chest X-rays of children, 28×28 grey, 2 classes',
    path: shipped('pneumoniamnist/pneumoniamnist.npz'),
    options: { classes: ['normal', 'pneumonia'] },
    // By class: hospitals differ in size as well as in whom they see.
    partition: { kind: 'dirichlet', alpha: 0.3, mode: 'class' },
    licence: 'CC BY 4.0',
    citation: 'Yang et al., MedMNIST v2, Scientific Data 2023; Kermany et al., Cell 2018',
  },
  'heart-disease': {
    title: '13 findings of patients, 4 hospitals, 2 classes',
    path: shipped('heart-disease'),
    options: {
      header: false,
      classes: [
        { name: 'healthy', labels: [0] },
        { name: 'disease', labels: [1, 2, 3, 4] },
      ],
    },
    partition: { kind: 'natural' },
    peers: 4,
    licence: 'CC BY 4.0',
    citation: 'Janosi, Steinbrunn, Pfisterer, Detrano, Heart Disease, UCI Machine Learning Repository 1988',
  },
  digits: {
    title: 'handwritten digits, 8×8 grey, 10 classes',
    path: shipped('digits/digits.csv.gz'),
    options: { header: false, inputShape: [8, 8, 1] },
    partition: { kind: 'dirichlet', alpha: 0.3 },
    licence: 'CC BY 4.0',
    citation: 'Alpaydin, Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository 1998',
  },
}

/** Is this the name of a shipped set? Everybody has those; whatever else a manifest names is somebody's file or folder. */
export function isShipped(set: string): boolean {
  return Object.hasOwn(shippedSets, set)
}
