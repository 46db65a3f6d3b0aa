import Adapters
import Foundation
import Testing

@testable import troupe

/// What `troupe inspect` shows of a file of Troupe's own trainer.
@Suite struct InspectCastTests {
  @Test func theCast() async throws {
    let cast = #"""
      {"schema":1,"troupe":"0.1.0","mode":"separate","file":"Konrad","matching":"cast","steps":500,
       "layers":{"unet":722,"te1":72},"continues":"first.safetensors",
       "characters":[
        {"name":"Konrad","trigger":"konrad_httt","class":"1boy","weight":2,"images":15,"samples":1050,"share":0.525,
         "paired":250,"longest_gap":3},
        {"name":"A\u001b[2Jya of the long name","trigger":"","class":"","images":1,"samples":1,"share":0.475}],
       "groups":[{"characters":["Konrad","Aya"],"weight":0.5,"images":2,"samples":50}],
       "regularization":[
        {"class":"1boy","target":"image","pairs_with":["Konrad"],"weight":0.5,"ratio":1,"images":20,"generated":20,
         "samples":250},
        {"class":"1girl","target":"base","pairs_with":[],"weight":1,"images":0,"samples":1200}],
       "losses":{"target":1,"cross_prior":0.25}}
      """#
    let metadata = InspectFixtures.metadata.merging(["troupe.cast": cast]) { $1 }
    let file = try await InspectFixtures.inspection(metadata: metadata)
    let view = InspectView(file, style: .plain, width: 80)
    let expected = #"""
      The cast
        Files           one per character, this is Konrad's
        Batches         every step holds every character that fits
        Konrad          konrad_httt, 1boy: 15 pictures, 1 050 samples (53 %), weight
                        2, at most 3 steps without it; 250 samples of regularisation
                        with it
        A?[2Jya of the… 1 picture, 1 sample (48 %)
        Together        Konrad, Aya: 2 pictures, 50 samples, weight 0.5
        Regularisation  1boy (20 pictures drawn by the base model) with Konrad: weight
                        0.5, 250 samples
        Regularisation  1girl (the characters' own pictures, held to the base model):
                        weight 1, 1 200 samples
        Losses          target 1, cross_prior 0.25
        Trained layers  te1 72, unet 722
        Went on from    first.safetensors
      """#
    #expect(view.cast.joined(separator: "\n") == expected)
    #expect(view.lines().joined(separator: "\n").contains(expected))
    for line in view.lines() { #expect(Terminal.sanitised(line) == line && Terminal.columns(of: line) <= 80) }
    let json = try JSONOutput.text(InspectionDocument([file]))
    let document = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let files = try #require(document["files"] as? [[String: Any]])
    let recipe = try #require(files[0]["recipe"] as? [String: Any])
    let told = try #require(recipe["cast"] as? [String: Any])
    #expect(told["mode"] as? String == "separate" && (told["losses"] as? [Any])?.count == 2)
    let first = try #require((told["characters"] as? [[String: Any]])?.first)
    #expect(first["class_name"] as? String == "1boy" && first["longest_gap"] as? Int == 3)
    let plain = try await InspectFixtures.inspection()
    #expect(InspectView(plain, style: .plain, width: 80).cast.isEmpty)
  }
}
