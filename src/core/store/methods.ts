import { baseMethods } from './bases.ts';
import { candidateMethods } from './candidates.ts';
import type { Implementation } from './context.ts';
import { ideaMethods } from './ideas.ts';
import { leaseMethods } from './lease.ts';
import type { MethodName } from './method-list.ts';
import { metricMethods } from './metrics.ts';
import { modelCallMethods } from './model-calls.ts';
import { requestMethods } from './requests.ts';
import { runMethods } from './runs.ts';
import { scheduleMethods } from './schedule.ts';

/** Every method the worker answers. */
export const methods: Implementation<MethodName> = {
  ...leaseMethods,
  ...requestMethods,
  ...baseMethods,
  ...ideaMethods,
  ...candidateMethods,
  ...runMethods,
  ...scheduleMethods,
  ...metricMethods,
  ...modelCallMethods,
};
