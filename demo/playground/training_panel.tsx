// How the network is trained: optimizer, rate, schedule, penalties, dropout and the like.
import { Checkbox, NumberField, Select, Slider } from '../page/controls.tsx'
import { Card } from '../page/shell.tsx'
import { ACTIVATIONS, LIMITS } from './settings.ts'
import { change, settings } from './store.ts'
import {
  ACTIVATION_NAMES,
  INITIALIZER_NAMES,
  OPTIMIZER_NAMES,
  optionsOf,
  PENALTY_NAMES,
  SCHEDULE_NAMES,
} from './words.ts'

export function TrainingPanel() {
  const all = settings.value
  const first = all.layers[0]?.activation
  const isUniform = all.layers.every(({ activation }) => activation === first)
  const [low, high] = LIMITS.learningRate
  return (
    <Card
      wide
      title="Training"
      hint="How the weights are found. Most changes begin a new run; the learning rate may be changed on the way."
    >
      <div class="settings">
        <NumberField
          label="Learning rate"
          hint="How far each step goes. Large steps are quick but may overshoot; small ones are sure but slow."
          value={all.learningRate}
          min={low}
          max={high}
          onChange={learningRate => change({ learningRate })}
        />
        <Select
          label="Optimizer"
          hint="The rule that makes steps of gradients. Adam finds its own length of step for each weight; plain gradient descent needs a larger rate."
          value={all.optimizer}
          options={optionsOf(OPTIMIZER_NAMES)}
          onChange={optimizer => change({ optimizer })}
        />
        <Select
          label="Schedule"
          hint="How the learning rate changes as training goes on: large at first, then smaller to settle."
          value={all.schedule}
          options={optionsOf(SCHEDULE_NAMES)}
          onChange={schedule => change({ schedule })}
        />
        {all.schedule !== 'constant' && all.schedule !== 'reduceOnPlateau' && (
          <NumberField
            label="Schedule length"
            hint="Epochs that the schedule takes from its beginning to its end."
            value={all.scheduleEpochs}
            min={LIMITS.scheduleEpochs[0]}
            max={LIMITS.scheduleEpochs[1]}
            whole
            onChange={scheduleEpochs => change({ scheduleEpochs })}
          />
        )}
        <NumberField
          label="Batch size"
          hint="Rows that make one step together. Small batches make many rough steps, large ones few exact steps."
          value={all.batchSize}
          min={LIMITS.batchSize[0]}
          max={LIMITS.batchSize[1]}
          whole
          onChange={batchSize => change({ batchSize })}
        />
        <Select
          label="Activation"
          hint="What a neuron makes of its sum, for all hidden layers. Each layer can have its own: choose it above the layer."
          value={isUniform && first ? first : 'several'}
          options={[
            ...(isUniform && first ? [] : [{ value: 'several' as const, label: 'Each its own' }]),
            ...ACTIVATIONS.map(value => ({ value, label: ACTIVATION_NAMES[value] })),
          ]}
          onChange={activation => {
            if (activation !== 'several')
              change({ layers: all.layers.map(layer => ({ ...layer, activation })) })
          }}
        />
        <Select
          label="Penalty on weights"
          hint="Keeps weights small, so that the network learns the rule and not the noise. L1 makes many of them 0."
          value={all.penalty}
          options={optionsOf(PENALTY_NAMES)}
          onChange={penalty => change({ penalty })}
        />
        {all.penalty !== 'none' && (
          <NumberField
            label="Penalty rate"
            hint="How much the penalty counts beside the errors."
            value={all.penaltyRate}
            min={LIMITS.penaltyRate[0]}
            max={LIMITS.penaltyRate[1]}
            onChange={penaltyRate => change({ penaltyRate })}
          />
        )}
        <Slider
          label="Dropout"
          hint="The share of each hidden layer that is switched off at random in each step, so that neurons do not lean on each other."
          value={all.dropout}
          min={LIMITS.dropout[0]}
          max={LIMITS.dropout[1]}
          step={5}
          format={value => `${value} %`}
          onChange={dropout => change({ dropout })}
        />
        <Select
          label="First weights"
          hint="How weights are drawn before training. Glorot suits tanh and sigmoid, He suits ReLU; all zero shows why they must differ."
          value={all.initializer}
          options={optionsOf(INITIALIZER_NAMES)}
          onChange={initializer => change({ initializer })}
        />
        <NumberField
          label="Stop early after"
          hint="Epochs without a better test loss after which training stops and takes the best weights back. 0: never."
          value={all.patience}
          min={LIMITS.patience[0]}
          max={LIMITS.patience[1]}
          whole
          onChange={patience => change({ patience })}
        />
        <Checkbox
          label="Batch normalisation"
          hint="Brings each neuron's values to one scale in every batch, which makes deep networks easier to train."
          checked={all.batchNorm}
          onChange={batchNorm => change({ batchNorm })}
        />
      </div>
    </Card>
  )
}
