// Penguins from a CSV file: rows with gaps left out, numbers scaled to [0, 1], categories as one unit each; then a classifier.
import { data, init, nn, optim, train } from 'retrograd'
import { readCsv } from 'retrograd/csv'
import { chart, colors, dots, type Panel, type Point } from '../chart.ts'
import type { Claim, Context } from '../example.ts'
import { confusionPanel } from '../matrix.ts'

export async function run({ seed, log, progress, picture }: Context): Promise<Claim> {
  const engine = await init({ backend: 'webgpu', seed })
  const file = await fetch('/data/penguins.csv')
  const table = readCsv(await file.text(), { gaps: ['', '.'] })
  const whole = data.dropGaps(table)
  log(`${table.rows.length} penguins, ${whole.rows.length} of them without gaps`)

  // Rows are dealt out first: what transforms are fitted on is training data only.
  const isTest = data
    .shuffledRows(whole.rows.length, seed, 0)
    .map(place => Number(place < 0.3 * whole.rows.length))
  const part = (test: number): data.Table => ({
    ...whole,
    rows: whole.rows.filter((_, i) => isTest[i] === test),
  })
  const encoder = data.encoder(part(0), {
    'Beak Length (mm)': 'minMax',
    'Beak Depth (mm)': 'minMax',
    'Flipper Length (mm)': 'minMax',
    'Body Mass (g)': 'minMax',
    Island: 'oneHot',
    Sex: 'binary',
  })
  log(`Inputs: ${encoder.names.join(', ')}`)
  const species = [...new Set(data.column(whole, 'Species'))].map(String).sort()
  const setOf = (table: data.Table): data.Dataset =>
    data.dataset(encoder.apply(table), data.column(table, 'Species').map(String), { classes: species })
  const test = setOf(part(1))

  const model = nn.mlp([encoder.outputs, 16, species.length])
  await train.fit(model, {
    train: setOf(part(0)),
    optimizer: parameters => optim.adam(parameters, { learningRate: 0.01 }),
    epochs: 40,
    onStep: progress,
  })
  const report = await train.classificationReport(model, test)
  log(String(report))

  const [length, depth, kind] = ['Beak Length (mm)', 'Beak Depth (mm)', 'Species'].map(name =>
    data.column(part(1), name),
  )
  const beaks: Panel = {
    title: 'Penguins held back',
    x: { label: 'beak length, mm', low: 30, high: 60 },
    y: { label: 'beak depth, mm', low: 12, high: 22 },
    marks: species.map((name, id) =>
      dots(
        (kind ?? []).flatMap((one, i): Point[] =>
          one === name ? [[Number(length?.[i]), Number(depth?.[i])]] : [],
        ),
        { color: [colors.blue, colors.orange, colors.green][id] ?? colors.gray, label: name, width: 3.6 },
      ),
    ),
  }
  picture(
    'penguins.svg',
    chart('Three species by six measures', [beaks, confusionPanel(report.confusion, species)]),
  )
  engine.dispose()
  return {
    claim: 'The species of at least 96 % of the penguins held back is recognised.',
    figures: { 'test accuracy': report.accuracy.toFixed(4), 'test penguins': test.size },
    holds: report.accuracy >= 0.96,
  }
}
