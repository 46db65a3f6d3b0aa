import Testing
import Trainer

@Suite struct CaptionRuleTests {
  static let moment = CaptionRule.Moment(epoch: 1, step: 0, steps: 10)

  static func caption(_ text: String, seed: UInt64 = 1, _ change: (inout CaptionRule) -> Void) -> String {
    var rule = CaptionRule()
    change(&rule)
    var random = CounterRandom(seed: seed)
    return rule.caption(text, at: moment, using: &random)
  }

  @Test func triggerIsAddedOnce() {
    #expect(Self.caption("1boy, armour") { $0.trigger = "konrad" } == "konrad, 1boy, armour")
    #expect(Self.caption("1boy, konrad") { $0.trigger = "konrad" } == "1boy, konrad")
    #expect(Self.caption("a photo of konrad, standing") { $0.trigger = "konrad" } == "a photo of konrad, standing")
    #expect(Self.caption("konrads") { $0.trigger = "konrad" } == "konrad, konrads")
    #expect(Self.caption("") { $0.trigger = "konrad" } == "konrad")
  }

  @Test func triggerIsNeverDroppedOrMoved() {
    for seed in 0..<50 as Range<UInt64> {
      let result = Self.caption("a, b, konrad, c", seed: seed) {
        ($0.trigger, $0.shuffles, $0.tagDropout) = ("konrad", true, 0.9)
      }
      #expect(result.hasPrefix("konrad"), "\(result)")
    }
    #expect(Self.caption("a, konrad") { ($0.trigger, $0.dropout) = ("konrad", 1) } == "")
  }

  @Test func separatorGoesUnlessKohyaIsMatched() {
    #expect(Self.caption("a, b ||| c") { $0.keptTagsSeparator = "|||" } == "a, b, c")
    #expect(
      Self.caption("a, b ||| c") { ($0.keptTagsSeparator, $0.alwaysRemovesSeparator) = ("|||", false) } == "a, b ||| c")
  }

  @Test func constantRulesAreKnown() {
    #expect(CaptionRule().isConstant)
    var rule = CaptionRule()
    rule.tagDropout = 0.1
    #expect(!rule.isConstant)
  }

  @Test(arguments: [
    ("konrad_httt, 1boy, armor", "1boy, armor"), ("konrad_httt, armor", "1boy, armor"),
    ("armor,konrad_httt , konrad_httt", "armor, 1boy"), ("portrait of konrad_httt smiling", "portrait of 1boy smiling"),
    ("konrad_httt's sword, konrad_httt2", "1boy's sword, konrad_httt2"), ("konrad_httt", "1boy"),
    ("konrad_htttt, xkonrad_httt", "konrad_htttt, xkonrad_httt"), ("1boy", "1boy"), ("", ""),
  ]) func theClassTakesTheTriggersPlace(caption: String, expected: String) {
    #expect(TriggerWord(trigger: "konrad_httt", className: "1boy").classCaption(of: caption) == expected)
  }

  @Test func withoutAClassTheTriggerGoes() {
    let konrad = TriggerWord(trigger: "konrad_httt", className: "")
    #expect(konrad.classCaption(of: "konrad_httt, armor") == "armor")
    #expect(konrad.withoutTrigger("a photo of konrad_httt, armor") == "a photo of, armor")
    #expect(konrad.withoutTrigger("konrad_httt") == "")
  }

  @Test func classCaptions() {
    let konrad = TriggerWord(trigger: "konrad_httt", className: "1boy")
    #expect(konrad.classCaption(of: "konrad_httt, 1boy, armour") == "1boy, armour")
    #expect(konrad.classCaption(of: "konrad_httt, armour") == "1boy, armour")
    #expect(konrad.classCaption(of: "a photo of konrad_httt outside") == "a photo of 1boy outside")
    #expect(konrad.classCaption(of: "landscape") == "landscape")
    let lisar = TriggerWord(trigger: "lisar_httt", className: "1girl")
    #expect(konrad.swapped("konrad_httt, 1boy, armour", to: lisar) == "lisar_httt, 1girl, armour")
  }
}
