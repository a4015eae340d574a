// Every setting of jobmeter's own. Each is declared beside the code that uses it; a new block is one line here.

import { type Setting, switchSetting } from './config/setting.ts';
import { hostSettings } from './host.ts';
import { samplerSettings } from './sampler.ts';

const modeSettings: { readonly once: Setting<boolean> } = {
  once: switchSetting('Take two samples one interval apart, deliver them, and end: 0 if that worked, else 1.'),
};

export const schema: typeof samplerSettings & typeof modeSettings & typeof hostSettings = {
  ...samplerSettings,
  ...modeSettings,
  ...hostSettings,
};
