/** What a test of a model finds of which accuracy hides that it finds no fraud. */
export const fraud = {
  accuracy: 0.997,
  macroF1: 0.499,
  balancedAccuracy: 0.5,
  rarestRecall: 0,
  rarest: { class: 1, right: 0, samples: 175 },
  isUnbalanced: true,
}
export const tested = { ...fraud, before: { ...fraud, accuracy: 0.991, balancedAccuracy: 0.75 } }
export const classes = ['honest', 'fraud']
