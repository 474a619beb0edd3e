using Flagstone.Catalog.Scaffolder;

namespace Flagstone.Catalog.Tests.Scaffolder;

public sealed class TemplateDefinitionTests
{
    [Fact]
    public void Steps_without_id_and_name_get_those_of_Backstage()
    {
        var accepted = Assert.IsType<TemplateAccepted>(Read("""
            apiVersion: scaffolder.backstage.io/v1beta3
            kind: Template
            metadata: {name: t}
            spec:
              type: service
              parameters: {title: One page, properties: {name: {type: string}}}
              steps:
                - action: debug:log
                - {id: two, name: Second, action: debug:log, if: "${{ parameters.name }}"}
            """));
        Assert.Equal(["step-1 debug:log", "two Second"], accepted.Definition.Steps.Select(step => $"{step.Id} {step.Name}"));
        Assert.Equal("One page", Assert.Single(accepted.Definition.Parameters).Title);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_its_place()
    {
        var refused = Assert.IsType<TemplateRefused>(Read("""
            apiVersion: scaffolder.backstage.io/v1beta2
            kind: Template
            metadata: {name: t}
            spec:
              parameters: [{type: 3}]
              steps:
                - {id: a}
                - {id: a, action: x}
            """));
        Assert.Equal(
            ["apiVersion", "spec.type", "spec.parameters[0]", "spec.steps[0].action", "spec.steps[1].id"],
            refused.Problems.Select(problem => problem.Path));
    }

    [Fact]
    public void A_broken_expression_is_a_warning_with_its_place()
    {
        var accepted = Assert.IsType<TemplateAccepted>(Read("""
            apiVersion: scaffolder.backstage.io/v1beta3
            kind: Template
            metadata: {name: t}
            spec:
              type: service
              steps:
                - {action: debug:log, input: {values: {x: ["${{ a && b }}"]}}}
            """));
        Assert.Equal(
            new TemplateProblem("spec.steps[0].input.values.x[0]", "Template error at line 1, column 7: Unexpected character \"&\""),
            Assert.Single(accepted.Warnings));
    }

    [Fact]
    public void A_template_without_steps_is_refused() =>
        Assert.IsType<TemplateRefused>(Read("{apiVersion: scaffolder.backstage.io/v1beta3, kind: Template, metadata: {name: t}, spec: {type: s, steps: []}}"));

    private static TemplateOutcome Read(string yaml) =>
        TemplateDefinitionReader.Read(YamlText.ReadAll(yaml).Single());
}
