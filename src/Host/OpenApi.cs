using System.Text.Json.Serialization;
using Microsoft.OpenApi;

namespace Flagstone.Host;

/// <summary>The description of <c>/api/v1</c> by OpenAPI 3.1, and the page that shows it. Both are public: they hold no data.</summary>
internal static class OpenApi
{
    private const string Document = "v1";
    private const string Prefix = "api/v1/";

    public static void AddOpenApiDocument(this WebApplicationBuilder builder)
    {
        // Numbers as texts are refused; the schemas say so by naming one type.
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        builder.Services.AddOpenApi(Document, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = endpoint => endpoint.RelativePath?.StartsWith(Prefix, StringComparison.Ordinal) == true;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = "Flagstone", Version = Document };
                // The server is the one that was asked: its address is no part of the contract.
                document.Servers = [];
                var components = document.Components ??= new OpenApiComponents();
                components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
                components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" };
                document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
                OpenApiProblems.Declare(document);
                return Task.CompletedTask;
            });
        });
    }

    public static void MapOpenApiDocument(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "swagger";
            ui.SwaggerEndpoint($"/openapi/{Document}.json", "Flagstone v1");
        });
    }
}
