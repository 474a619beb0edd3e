using System.Text.Json.Nodes;
using Bunit;
using Flagstone.Catalog.Scaffolder;
using Flagstone.Platform.Yaml;
using Flagstone.Ui.Forms;
using Microsoft.AspNetCore.Components;

namespace Flagstone.Ui.Tests;

public sealed class GoldenPathFormTests
{
    private static readonly IReadOnlyList<ParameterStep> Steps = ReadTemplate();
    private static readonly IReadOnlyList<FormPage> Pages = FormSchema.Read([.. Steps.Select(s => s.Schema)]);

    [Fact]
    public void The_golden_paths_form_has_its_steps_and_fields_in_order()
    {
        Assert.Equal(["The service", "Database and environment"], Pages.Select(p => p.Title));
        Assert.Equal(["name", "owner", "description", "storageGB", "environment"], Fields.Select(f => f.Name));
        Assert.Equal(
            [FieldKind.Text, FieldKind.Owner, FieldKind.Text, FieldKind.WholeNumber, FieldKind.Radio],
            Fields.Select(f => f.Kind));
        Assert.Equal([true, true, false, true, true], Fields.Select(f => f.Required));
        Assert.Equal((20m, 1000m, "20"), (Field("storageGB").Minimum!.Value, Field("storageGB").Maximum!.Value, Field("storageGB").Default));
        Assert.Equal([new FormOption("dev", "Development"), new FormOption("prod", "Production")], Field("environment").Options);
    }

    [Fact]
    public async Task Each_field_has_a_label_and_says_what_it_is_for()
    {
        await using var context = UiContext.Create();

        var form = Render(context, []);

        foreach (var name in (string[])["name", "owner", "description", "storageGB"])
        {
            var input = form.Find($"#field-{name}");
            Assert.Equal(Field(name).Title, form.Find($"label[for=field-{name}]").ChildNodes[0].TextContent.Trim());
            var note = input.GetAttribute("aria-describedby")!.Split(' ')[0];
            Assert.StartsWith(Field(name).Description.Trim(), form.Find($"#{note}").TextContent, StringComparison.Ordinal);
        }

        Assert.Equal("First environment", form.Find("[data-field=environment] legend").TextContent.Trim());
        Assert.Equal("20", form.Find("#field-storageGB").GetAttribute("value"));
        Assert.True(form.Find("input[value=dev]").HasAttribute("checked"));
    }

    [Fact]
    public async Task An_error_stands_at_its_field_and_is_tied_to_it()
    {
        await using var context = UiContext.Create();

        var form = Render(context, new() { ["name"] = "It is required." });

        Assert.Equal("It is required.", form.Find("#field-name-error").TextContent);
        Assert.Contains("field-name-error", form.Find("#field-name").GetAttribute("aria-describedby"), StringComparison.Ordinal);
        Assert.Equal("true", form.Find("#field-name").GetAttribute("aria-invalid"));
        Assert.Single(form.FindAll(".fs-field-error"));
    }

    [Fact]
    public async Task Teams_of_the_catalog_are_offered_and_without_any_the_owner_is_typed()
    {
        await using var context = UiContext.Create();

        var offered = Render(context, [], [("group:default/payments", "Payments")]).FindAll("#field-owner option");

        Assert.Equal(["Choose a team…", "Payments"], offered.Select(o => o.TextContent));
        Assert.Equal("input", Render(context, []).Find("#field-owner").LocalName);
    }

    [Fact]
    public void An_empty_form_lacks_what_is_required_and_a_filled_one_is_good()
    {
        var start = FormValues.Start(Fields, null);

        Assert.Equal(["/name", "/owner"], Errors(start).Select(e => e.Field));

        start["name"] = "orders";
        start["owner"] = "group:default/payments";
        Assert.Empty(Errors(start));
    }

    [Theory]
    [InlineData("name", "Orders")]
    [InlineData("name", "kube-system")]
    [InlineData("owner", "ghost team")]
    [InlineData("storageGB", "19")]
    [InlineData("storageGB", "1001")]
    [InlineData("storageGB", "a lot")]
    [InlineData("environment", "test")]
    public void A_bad_value_is_refused_at_its_field(string field, string text)
    {
        var values = FormValues.Start(Fields, null);
        (values["name"], values["owner"]) = ("orders", "payments");
        values[field] = text;

        Assert.Equal([$"/{field}"], Errors(values).Select(e => e.Field).Distinct());
    }

    [Fact]
    public void Values_have_the_types_of_their_fields_and_empty_ones_are_left_out()
    {
        FormField[] fields =
        [
            new("count", "Count", FieldKind.WholeNumber, false, ""), new("ratio", "Ratio", FieldKind.Number, false, ""),
            new("on", "On", FieldKind.YesNo, false, "false"), new("note", "Note", FieldKind.Text, false, ""), new("list", "List", FieldKind.Json, false, ""),
        ];

        var values = FormValues.ToJson(fields, new Dictionary<string, string> { ["count"] = "7", ["ratio"] = "0.5", ["on"] = "true", ["note"] = "", ["list"] = """["a"]""" });

        Assert.Equal("""{"count":7,"ratio":0.5,"on":true,"list":["a"]}""", values.ToJsonString());
    }

    [Fact]
    public void A_form_opens_with_the_values_of_an_earlier_run()
    {
        var values = FormValues.Start(Fields, JsonNode.Parse("""{ "name": "orders", "storageGB": 50 }""")!.AsObject());

        Assert.Equal(("orders", "50", "dev"), (values["name"], values["storageGB"], values["environment"]));
    }

    private static IEnumerable<FormField> Fields => Pages.SelectMany(p => p.Fields);

    private static FormField Field(string name) => Fields.Single(f => f.Name == name);

    private static IReadOnlyList<ParameterError> Errors(Dictionary<string, string> texts) => ParameterRules.Validate(Steps, FormValues.ToJson(Fields, texts));

    private static IRenderedComponent<SchemaForm> Render(
        BunitContext context, Dictionary<string, string> errors, IReadOnlyList<(string Reference, string Title)>? teams = null) =>
        context.Render<SchemaForm>(p => p
            .Add(f => f.Label, "Values")
            .Add(f => f.Pages, Pages)
            .Add(f => f.Values, FormValues.Start(Fields, null))
            .Add(f => f.Errors, errors)
            .Add(f => f.Teams, teams ?? [])
            .Add(f => f.OnChange, EventCallback<(string, string)>.Empty)
            .Add(f => f.OnSubmit, EventCallback.Empty));

    private static IReadOnlyList<ParameterStep> ReadTemplate()
    {
        // The golden path is content of the Catalog, and lies beside its assembly.
        var file = Path.Combine(AppContext.BaseDirectory, "GoldenPaths", "nodejs-postgresql", "template.yaml");
        Assert.True(YamlReader.TryReadAll(File.ReadAllText(file), null, out var documents, out var error), error?.ToString());
        return ((TemplateAccepted)TemplateDefinitionReader.Read(documents[0].Mapping)).Definition.Parameters;
    }
}
