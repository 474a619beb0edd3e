using Service;

var builder = WebApplication.CreateBuilder(args);
if (!Settings.TryRead(builder.Configuration, "${{ values.name }}", out var settings, out var problem))
{
    await Console.Error.WriteLineAsync(problem);
    return 1;
}

builder.AddService(settings);
builder.Services.AddSingleton<TemporalWorkerService>();
builder.Services.AddHostedService(services => services.GetRequiredService<TemporalWorkerService>());
builder.Services.AddSingleton<IReadiness>(services => services.GetRequiredService<TemporalWorkerService>());
builder.Services.AddSingleton<IGreetings, Greetings>();

var app = builder.Build();
app.MapService();
await app.RunAsync();
return Environment.ExitCode;
