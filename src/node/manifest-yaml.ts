import { Document, isCollection, isSeq } from 'yaml'
import type { Manifest } from './manifest.js'

/** The manifest as a file that reads back to the same run. */
export function manifestYaml(manifest: Manifest): string {
  return yamlOf(manifest)
}

/** The section `task` as a file, which is a part of a manifest. */
export function taskYaml(task: NonNullable<Manifest['task']>): string {
  const says =
    ' What the data look like, to be written into the manifest of a run: names of columns, categories and classes.\n'
  return `#${says}${yamlOf({ task })}`
}

/** Plain data, with each column of the task on one line. */
function yamlOf(sections: Partial<Manifest>): string {
  const document = new Document(sections)
  const lines = [document.getIn(['task', 'classes']), document.getIn(['task', 'inputShape'])]
  const columns = document.getIn(['task', 'columns'])
  for (const node of isSeq(columns) ? [...lines, ...columns.items] : lines) if (isCollection(node)) node.flow = true
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
