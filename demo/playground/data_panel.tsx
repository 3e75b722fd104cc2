// The data: which set, how much of it and how noisy, which features of it, and a file of one's own.
import { Checkbox, Select, Slider } from '../page/controls.tsx'
import { Card } from '../page/shell.tsx'
import { OwnData } from './own_data.tsx'
import { FEATURES, LIMITS } from './settings.ts'
import { change, settings } from './store.ts'
import { DATA_NAMES, FEATURE_NAMES, optionsOf } from './words.ts'

const percent = (value: number): string => `${value} %`

export function DataPanel() {
  const { data, classes, count, noise, trainShare, features, seed } = settings.value
  const isOwn = data === 'own'
  return (
    <Card
      title="Data"
      hint="What the network is to learn. The dots are examples; their colour is the answer."
    >
      <div class="stack">
        <Select
          label="Data set"
          hint="Two classes of dots to tell apart, a number to predict, or a CSV file of your own."
          value={data}
          options={optionsOf(DATA_NAMES)}
          onChange={value => change({ data: value })}
        />
        {isOwn ? (
          <OwnData />
        ) : (
          <>
            {data === 'spiral' && (
              <Slider
                label="Arms"
                hint="How many spiral arms there are: each is a class of its own."
                value={classes}
                min={LIMITS.classes[0]}
                max={LIMITS.classes[1]}
                step={1}
                onChange={value => change({ classes: value })}
              />
            )}
            <Slider
              label="Points"
              hint="How many dots are made, for training and testing together."
              value={count}
              min={100}
              max={2000}
              step={100}
              onChange={value => change({ count: value })}
            />
            <Slider
              label="Noise"
              hint="How far dots are moved at random. With much noise, no network can be right everywhere."
              value={noise}
              min={0}
              max={50}
              step={5}
              format={percent}
              onChange={value => change({ noise: value })}
            />
          </>
        )}
        <Slider
          label="Trained on"
          hint="The share of the rows that the network learns from. The others test it on what it has not seen."
          value={trainShare}
          min={LIMITS.trainShare[0]}
          max={LIMITS.trainShare[1]}
          step={5}
          format={percent}
          onChange={value => change({ trainShare: value })}
        />
        {!isOwn && (
          <fieldset class="features">
            <legend>Inputs</legend>
            {FEATURES.map(feature => (
              <Checkbox
                key={feature}
                label={FEATURE_NAMES[feature] ?? feature}
                hint="Whether the network is given this number of each dot. Squares, products and waves make some problems easy."
                checked={features.includes(feature)}
                disabled={features.length === 1 && features.includes(feature)}
                onChange={checked =>
                  change({
                    features: FEATURES.filter(other =>
                      other === feature ? checked : features.includes(other),
                    ),
                  })
                }
              />
            ))}
          </fieldset>
        )}
        <Slider
          label="Seed"
          hint="Decides all that is drawn at random: dots, first weights, order. The same seed gives the same run."
          value={seed <= 100 ? seed : 100}
          min={0}
          max={100}
          step={1}
          format={() => String(seed)}
          onChange={value => change({ seed: value })}
        />
      </div>
    </Card>
  )
}
