/** Saves a chart as a picture or as numbers. */

import type { Band } from '../../lib/band'
import { bandCsv, seriesCsv } from '../../lib/chart-csv'
import type { ChartSeries } from '../../lib/chart-series'
import { bandSvg, type Frame, seriesSvg } from '../../lib/chart-svg'
import { download, downloadBlob } from '../download'
import { picturePng } from './picturePng'

export type FileKind = 'png' | 'svg' | 'csv'

/** Pictures show the smoothed lines, tables what was measured. */
export function saveSeries(
  kind: FileKind,
  series: ChartSeries,
  measured: ChartSeries,
  frame: Frame,
): Promise<void> {
  return save(
    kind,
    frame,
    () => seriesSvg(series, frame),
    () => seriesCsv(measured),
  )
}

export function saveBand(kind: FileKind, band: Band, colour: string, frame: Frame): Promise<void> {
  return save(
    kind,
    frame,
    () => bandSvg(band, frame, colour),
    () => bandCsv(band),
  )
}

async function save(
  kind: FileKind,
  { title, colours }: Frame,
  svg: () => string,
  csv: () => string,
): Promise<void> {
  const file = `${fileName(title)}.${kind}`
  if (kind === 'csv') download(file, 'text/csv', csv())
  else if (kind === 'svg') download(file, 'image/svg+xml', svg())
  else {
    const blob = await picturePng(svg(), colours.surface)
    if (blob) downloadBlob(file, blob)
  }
}

/** Letters, digits and hyphens only: names are untrusted. */
function fileName(title: string): string {
  const plain = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')
  return `gradhealth-${plain.slice(0, 80) || 'chart'}`
}
