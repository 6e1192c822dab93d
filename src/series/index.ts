export { createMetrics, type Exposition, type Metrics, type MetricsInit } from './metrics.js'
export { type MetricsAddress, type MetricsServer, serveMetrics } from './metrics-server.js'
export { tensorboardReporter } from './tensorboard/reporter.js'
export { type SeriesFormat, seriesFormats, type WriteSeriesInit, writeSeries } from './write.js'
