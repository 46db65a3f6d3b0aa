import Adapters
import SafeTensors

extension ScheduleConfiguration {
  /// Reads diffusers' `scheduler_config.json`; what it leaves out is what diffusers takes then.
  init(_ json: ConfigurationObject) throws {
    let name = try json.text("_class_name", "")
    guard json["sigma_data"] == nil, !name.hasPrefix("EDM"), !name.hasPrefix("FlowMatch") else {
      throw json.failure(
        "\(name.isEmpty ? "the scheduler" : name) is of a kind of model this version does not have", .unsupported)
    }
    try json.only(["trained_betas": .null])
    self.init()
    let predicts = try json.text("prediction_type", "epsilon")
    let grows = try json.text("beta_schedule", "linear")
    guard let prediction = Prediction(rawValue: predicts), let growth = Growth(rawValue: grows) else {
      throw json.failure(
        "prediction_type \(predicts) with beta_schedule \(grows): only epsilon and v_prediction, linear and scaled_linear are known",
        .unsupported)
    }
    self.prediction = prediction
    self.growth = growth
    times = try json.size("num_train_timesteps", 1000)
    betaStart = try json.number("beta_start", 0.0001)
    betaEnd = try json.number("beta_end", 0.02)
    zeroTerminalSNR = try json.flag("rescale_betas_zero_snr", false)
  }

  /// diffusers' `scheduler_config.json` of a scheduler that suits the family.
  func json(family: Architecture) -> JSONValue {
    let common: KeyValuePairs<String, JSONValue> = [
      "_class_name": family == .sdxl ? "EulerDiscreteScheduler" : "DDIMScheduler",
      "_diffusers_version": .string(CheckpointWriter.diffusersVersion), "beta_start": .double(betaStart),
      "beta_end": .double(betaEnd), "beta_schedule": .string(growth.rawValue), "num_train_timesteps": .size(times),
      "prediction_type": .string(prediction.rawValue), "rescale_betas_zero_snr": .bool(zeroTerminalSNR),
      // A schedule that ends in pure noise must be sampled from its end.
      "timestep_spacing": zeroTerminalSNR ? "trailing" : "leading", "steps_offset": .unsigned(1),
    ]
    let own: KeyValuePairs<String, JSONValue> =
      family == .sdxl ? [:] : ["clip_sample": .bool(false), "set_alpha_to_one": .bool(false)]
    return .object((Array(common) + Array(own)).map { JSONValue.Member(name: $0.key, value: $0.value) })
  }
}
